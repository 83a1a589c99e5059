import { waitingAncestors } from '../base/process/ancestors.js'
import { assertName } from '../base/names/assert-name.js'
import { isProcessOf } from '../base/process/is-process-of.js'
import { debug } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { pause } from '../base/wait/pause.js'
import { ANCESTOR_GRACE_MS } from '../drivers/local/locks/other-waiters.js'
import type { LockDriver, LockRequest } from './contract/lock-driver.js'
import { nextLockId } from './contract/lock-id.js'
import type { Holder } from './contract/lock-types.js'
import { MAX_OUTER_LOCKS, outerLocks } from './contract/outer-locks.js'
import { ownOwner } from './contract/own-owner.js'

/**
 * Waits for a lock on an engine, in a process that was started under other locks. If their owners are ancestors that (very likely) wait for
 * this process, they count as held by the waiter once an ancestor that releases its lock right after starting this process has had
 * time to do so.
 *
 * An engine searches for a cycle when a request enters the queue. So a second request enters it then, which says what is held, and leaves
 * when the wait ends: of all waiters of a cycle, the last one to do so gives up.
 *
 * @param outer the value of `outerLocks`
 * @param wait aborted with `LOCK_DEADLOCK` if it would never end
 */
export async function waitWithin<T>(
  outer: string,
  driver: LockDriver,
  request: LockRequest,
  wait: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const over = new AbortController()
  const refused = new AbortController()
  const declared = declare(outer, driver, request, AbortSignal.any([signal, over.signal]))
  declared.catch((error: unknown) => {
    if (isCliOpsError(error, 'LOCK_DEADLOCK')) refused.abort(error)
    else if (!over.signal.aborted) debug(() => `cannot look for a deadlock: ${String(error)}`)
  })
  try {
    return await wait(AbortSignal.any([signal, refused.signal]))
  } finally {
    over.abort()
  }
}

/** Returns whether the holder of a lock on an engine is an ancestor that (very likely) waits for this process to end. */
export function isAroundThis({ id, owner }: Pick<Holder, 'id' | 'owner'>): boolean {
  const { pid, host } = ownOwner()
  return (
    parseOuterLocks(outerLocks()).some(({ id: outer }) => outer === id) &&
    owner.host === host &&
    waitingAncestors(pid).includes(owner.pid) &&
    isProcessOf(owner.pid, owner.startedAt)
  )
}

async function declare(
  outer: string,
  driver: LockDriver,
  request: LockRequest,
  signal: AbortSignal,
): Promise<void> {
  await pause(ANCESTOR_GRACE_MS, signal)
  const ids = signal.aborted ? [] : await heldByAncestors(outer, driver)
  if (ids.length === 0 || signal.aborted) return
  const second = { ...request, id: nextLockId(), held: [...request.held, ...ids] }
  const grant = await driver.acquire(second, { signal })
  await grant.release()
}

async function heldByAncestors(outer: string, driver: LockDriver): Promise<string[]> {
  const found = await Promise.all(
    parseOuterLocks(outer).map(async ({ resource, id }) => {
      const holders = (await driver.inspect(resource))?.holders ?? []
      return holders.some((holder) => holder.id === id && isAroundThis(holder)) ? [id] : []
    }),
  )
  return found.flat()
}

/** Parses a value of `CLI_OPS_OUTER_LOCKS`. Anyone can have written it: skips what names no lock. */
function parseOuterLocks(
  value: string | undefined,
): { readonly resource: string; readonly id: string }[] {
  return [...new URLSearchParams(value)]
    .slice(-MAX_OUTER_LOCKS)
    .filter(([resource]) => isResourceName(resource))
    .map(([resource, id]) => ({ resource, id }))
}

function isResourceName(resource: string): boolean {
  try {
    assertName('resource', resource)
    return true
  } catch {
    return false
  }
}
