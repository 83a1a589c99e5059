import { waitingAncestors } from '../base/process/ancestors.js'
import { isProcessOf } from '../base/process/is-process-of.js'
import { debug } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { pause } from '../base/wait/pause.js'
import { ANCESTOR_GRACE_MS } from '../drivers/local/locks/deadlock.js'
import type { LockDriver, LockGrant, LockRequest, LockWait } from './contract/lock-driver.js'
import { nextLockId } from './contract/lock-id.js'
import { ownOwner } from './contract/own-owner.js'

/**
 * Waits for a lock on an engine as `driver.acquire` does, in a process that was started under other locks. If their owners are ancestors that
 * (very likely) wait for this process, they count as held by the waiter once an ancestor that releases its lock right after starting
 * this process has had time to do so.
 *
 * An engine searches for a cycle when a request enters the queue. So a second request enters it then, which says what is held, and leaves
 * with the first one: of all waiters of a cycle the last to do so gives up.
 *
 * @param outer the ids of the grants, by resource
 */
export async function acquireWithin(
  outer: URLSearchParams,
  driver: LockDriver,
  request: LockRequest,
  wait: LockWait,
): Promise<LockGrant> {
  const over = new AbortController()
  const refused = new AbortController()
  const declared = declare(outer, driver, request, AbortSignal.any([wait.signal, over.signal]))
  declared.catch((error: unknown) => {
    if (isCliOpsError(error, 'LOCK_DEADLOCK')) refused.abort(error)
    else if (!over.signal.aborted) debug(() => `cannot look for a deadlock: ${String(error)}`)
  })
  try {
    const signal = AbortSignal.any([wait.signal, refused.signal])
    return await driver.acquire(request, { ...wait, signal })
  } finally {
    over.abort()
  }
}

async function declare(
  outer: URLSearchParams,
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

async function heldByAncestors(outer: URLSearchParams, driver: LockDriver): Promise<string[]> {
  const { pid, host } = ownOwner()
  const ancestors = waitingAncestors(pid)
  const found = await Promise.all(
    [...outer].map(async ([resource, id]) => {
      const holders = (await driver.inspect(resource))?.holders ?? []
      return holders.filter(({ id: its, owner }) => {
        const isNear = its === id && owner.host === host && ancestors.includes(owner.pid)
        return isNear && isProcessOf(owner.pid, owner.startedAt)
      })
    }),
  )
  return found.flat().map(({ id }) => id)
}
