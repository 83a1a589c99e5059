import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { MaybePromise } from '../base/wait/maybe-promise.js'
import { pause } from '../base/wait/pause.js'
import type { LockDriver, LockGrant, LockRequest } from './contract/lock-driver.js'
import { cameAtOf, markLabel } from './contract/latest-mark.js'
import { nextLockId } from './contract/lock-id.js'
import type { Holder, LockInfo } from './contract/lock-types.js'
import { latestName } from './contract/slot-name.js'

/** A waiter that supersedes earlier ones and is superseded by later ones. */
export interface LatestWaiter {
  /** False once a newer one has come. */
  isLatest(): boolean
  /** Ends it: the lock was granted, or the wait has ended. */
  stop(): void
}

/** The resource that is wanted, and what for. */
type Wanted = Pick<LockRequest, 'resource' | 'label'>

/** A latest waiter on an asynchronous driver. */
export interface KeptLatestWaiter extends LatestWaiter {
  /** Resolves once it is the latest, or is known not to be. Rejects if the driver refuses. */
  readonly ready: Promise<void>
}

/**
 * Makes this the latest of the waiters for a resource with `queue: 'latest'`. The latest waiter holds a lock, the mark, which a newer
 * one takes from it by force. A dead waiter loses the mark. A waiter that lost it to an engine outage, and not to a newer waiter,
 * takes it again.
 *
 * @param onSuperseded called once a newer one has come, possibly before `ready` resolves
 */
export function becomeLatest(
  driver: LockDriver,
  { resource, label }: Wanted,
  onSuperseded: (newer: Holder) => void,
): KeptLatestWaiter {
  const over = new AbortController()
  let mark: LockGrant | undefined
  const keep = async (onTaken: () => void): Promise<void> => {
    const request = newMark(resource, label)
    // Earlier marks of this waiter might still exist.
    const own = new Set<string>()
    let yieldsTo = isNewer
    for (;;) {
      const found = await takeMark(driver, request, { own, yieldsTo, signal: over.signal })
      if (found === undefined) return
      if ('newer' in found) {
        onSuperseded(found.newer)
        return
      }
      mark = found.mark
      onTaken()
      if (over.signal.aborted) {
        release(mark)
        return
      }
      await untilLost(mark, over.signal)
      if (over.signal.aborted) return
      await untilTaken(driver, resource, over.signal)
      // Of two that came at the same moment, one has already yielded.
      yieldsTo = isAsNew
    }
  }
  const ready = new Promise<void>((resolve, reject) => {
    keep(resolve).then(resolve, reject)
  })
  return {
    ready,
    isLatest: () => mark?.isHeld() === true,
    stop: () => {
      over.abort()
      if (mark !== undefined) release(mark)
    },
  }
}

/** Like {@link becomeLatest}, on a synchronous driver, for callers that poll {@link LatestWaiter.isLatest}. */
export function becomeLatestSync(driver: LockDriver, { resource, label }: Wanted): LatestWaiter {
  const request = newMark(resource, label)
  for (;;) {
    const mark = driver.tryAcquireSync?.(request) ?? null
    if (mark !== null) return { isLatest: () => mark.isHeld(), stop: () => release(mark) }
    const other = holderOf(atOnce(driver.inspect(request.resource)))
    if (other === undefined) continue
    if (isNewer(other, request)) return SUPERSEDED
    void driver.forceRelease(request.resource, other.id)
  }
}

/** Time between attempts while the engine is unavailable. */
const RETRY_MS = 250
/** The newer waiter acquires the mark a moment after it has forced its release. */
const LOOKS = 5
const LOOK_EVERY_MS = 20

/** Takes the mark, by force from an older waiter; `undefined` once the signal is aborted. */
async function takeMark(
  driver: LockDriver,
  request: LockRequest,
  {
    own,
    yieldsTo,
    signal,
  }: {
    readonly own: Set<string>
    readonly yieldsTo: (other: Holder, request: LockRequest) => boolean
    readonly signal: AbortSignal
  },
): Promise<{ readonly mark: LockGrant } | { readonly newer: Holder } | undefined> {
  while (!signal.aborted) {
    try {
      // A new id for each attempt: what a failed attempt left behind is still released.
      const id = nextLockId()
      own.add(id)
      const mark = await driver.tryAcquire({ ...request, id })
      if (mark !== null) return { mark }
      const other = holderOf(await driver.inspect(request.resource))
      if (other === undefined) await pause(LOOK_EVERY_MS, signal, { keepsAlive: false })
      else if (!own.has(other.id) && yieldsTo(other, request)) return { newer: other }
      else await driver.forceRelease(request.resource, other.id)
    } catch (error) {
      // The wait for the lock itself decides how long an outage may last.
      if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
      await pause(RETRY_MS, signal, { keepsAlive: false })
    }
  }
  return undefined
}

function untilLost(mark: LockGrant, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = mark.onLost(resolve)
    if (!mark.isHeld()) resolve()
    signal.addEventListener('abort', () => {
      stop()
      resolve()
    })
  })
}

async function untilTaken(
  driver: LockDriver,
  resource: string,
  signal: AbortSignal,
): Promise<void> {
  for (let looks = 1; looks <= LOOKS && !signal.aborted; looks += 1) {
    const info = await Promise.resolve(driver.inspect(latestName(resource))).catch(() => null)
    if (holderOf(info) !== undefined) return
    await pause(LOOK_EVERY_MS, signal, { keepsAlive: false })
  }
}

const SUPERSEDED: LatestWaiter = { isLatest: () => false, stop: () => undefined }

function release(mark: LockGrant): void {
  if (mark.releaseSync !== undefined) mark.releaseSync()
  // If the release fails, the lease expires.
  else void Promise.resolve(mark.release()).catch(() => undefined)
}

/** The label begins with the time of arrival: of two that arrive together, both must agree on which is newer. */
function newMark(resource: string, label: string | undefined): LockRequest {
  const id = nextLockId()
  return {
    resource: latestName(resource),
    mode: 'exclusive',
    id,
    held: [],
    label: markLabel(Date.now(), label),
  }
}

function isNewer(mark: Holder, request: LockRequest): boolean {
  return cameAtOf(mark) > cameAtOf(request)
}

function isAsNew(mark: Holder, request: LockRequest): boolean {
  return cameAtOf(mark) >= cameAtOf(request)
}

function holderOf(info: LockInfo | null | undefined): Holder | undefined {
  return info?.holders[0]
}

function atOnce<T>(value: MaybePromise<T>): T | undefined {
  return value instanceof Promise ? undefined : value
}
