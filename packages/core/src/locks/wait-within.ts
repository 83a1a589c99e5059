import { ANCESTOR_GRACE_MS } from '../base/process/ancestors.js'
import { assertName } from '../base/names/assert-name.js'
import { debug } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { anySignal } from '../base/wait/abort-signal.js'
import { pause } from '../base/wait/pause.js'
import type { LockDriver } from './contract/lock-driver.js'
import { nextLockId } from './contract/lock-id.js'
import type { Holder, LockInfo } from './contract/lock-types.js'
import { MAX_OUTER_LOCKS, outerLocks } from './contract/outer-locks.js'
import { ancestorDeadlockError } from './lock-errors.js'
import { awaitsThis, isHostAround, isWithinHost } from './outer-hosts.js'
import { type SlotRequest, wantsSlots } from './slots/slot-request.js'

/**
 * Waits for a lock on an engine, perhaps in a process that was started under other locks. If their owners are ancestors that (very likely) wait for
 * this process, they count as held by the waiter once an ancestor that releases its lock right after starting this process has had
 * time to do so. `cli-ops run` names its lock to its program. A command's environment is its own, so the locks of commands are looked up.
 *
 * An engine searches for a cycle when a request enters the queue. So a second request enters it then, which says what is held, and leaves
 * when the wait ends: of all waiters of a cycle, the last one to do so gives up.
 *
 * @param wait aborted with `LOCK_DEADLOCK` if it would never end
 */
export async function waitWithin<T>(
  driver: LockDriver,
  request: SlotRequest,
  wait: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const over = new AbortController()
  const refused = new AbortController()
  const declaring = anySignal(signal, over.signal)
  const waiting = anySignal(signal, refused.signal)
  const declared = declare(driver, request, declaring.signal)
  declared.catch((error: unknown) => {
    if (isCliOpsError(error, 'LOCK_DEADLOCK')) refused.abort(error)
    else if (!over.signal.aborted) debug(() => `cannot look for a deadlock: ${String(error)}`)
  })
  try {
    return await wait(waiting.signal)
  } finally {
    over.abort()
    waiting.stop()
    declaring.stop()
  }
}

/** Returns whether the holder of a lock on an engine is an ancestor that (very likely) waits for this process to end. */
export function isAroundThis(holder: Pick<Holder, 'id' | 'owner' | 'since'>): boolean {
  const isNamed = parseOuterLocks(outerLocks()).some(({ id }) => id === holder.id)
  return isNamed ? awaitsThis(holder.owner) : isHostAround(holder)
}

async function declare(
  driver: LockDriver,
  request: SlotRequest,
  signal: AbortSignal,
): Promise<void> {
  await pause(ANCESTOR_GRACE_MS, signal)
  const around = signal.aborted ? [] : await findHoldersAround(driver)
  if (around.length === 0 || signal.aborted) return
  const own = around.find((info) => isInTheWay(info, request))
  if (own !== undefined) throw ancestorDeadlockError(request.resource, own.holder)
  const held = [...request.held, ...around.map(({ holder }) => holder.id)]
  const grant = await driver.acquire({ ...request, id: nextLockId(), held }, { signal })
  await grant.release()
}

interface HeldAround extends Pick<LockInfo, 'resource' | 'mode'> {
  readonly holder: Holder
}

async function findHoldersAround(driver: LockDriver): Promise<HeldAround[]> {
  const named = parseOuterLocks(outerLocks()).map(async ({ resource, id }) => {
    const info = await driver.inspect(resource)
    return info === null ? [] : among(info, (one) => one.id === id && awaitsThis(one.owner))
  })
  const all = isWithinHost() ? await driver.list() : []
  return [...(await Promise.all(named)).flat(), ...all.flatMap((info) => among(info, isHostAround))]
}

function among(
  { resource, mode, holders }: LockInfo,
  isAround: (holder: Holder) => boolean,
): HeldAround[] {
  return holders.filter(isAround).map((holder) => ({ resource, mode, holder }))
}

/** Of a lock with slots, another one can be free; two sharers are not in each other's way. */
function isInTheWay({ resource, mode, holder }: HeldAround, request: SlotRequest): boolean {
  if (resource !== request.resource || holder.slot !== undefined || wantsSlots(request))
    return false
  return mode === 'exclusive' || request.mode === 'exclusive'
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
