import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { MaybePromise } from '../base/wait/maybe-promise.js'
import { pause } from '../base/wait/pause.js'
import type { LockDriver, LockGrant, LockRequest } from './contract/lock-driver.js'
import { cameAtOf, markLabel } from './contract/latest-mark.js'
import { nextLockId } from './contract/lock-id.js'
import type { Holder, LockInfo } from './contract/lock-types.js'
import { latestName } from './contract/slot-name.js'

/** A waiter that supersedes those before it, and is superseded by those behind it. */
export interface LatestWaiter {
  /** False once a newer one has come. */
  isLatest(): boolean
  /** Ends it: the lock was granted, or is waited for no longer. */
  stop(): void
}

/** What is waited for. */
type Wanted = Pick<LockRequest, 'resource' | 'label'>

/** One on a driver that has to be waited for. */
export interface KeptLatestWaiter extends LatestWaiter {
  /** Resolves once it is the latest, or is known not to be. Rejects where the driver refuses it. */
  readonly ready: Promise<void>
}

/**
 * Makes this the latest of those who wait for a resource with `queue: 'latest'`. It is the one that holds a lock for them, which a newer one
 * takes from it by force. Who died meanwhile holds it no longer. One from which an engine that was away has taken it, and no newer one,
 * takes it again.
 *
 * @param onSuperseded called once a newer one has come, maybe before this is ready
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
    // What it had before may be there still.
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
      // Of two that came at once, one has given way before.
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

/** As {@link becomeLatest}, on a driver that needs no waiting, for who asks {@link LatestWaiter.isLatest} now and then. */
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

/** An engine that is away is asked again after this time. */
const RETRY_MS = 250
/** The newer one takes what it has taken away a moment later. */
const LOOKS = 5
const LOOK_EVERY_MS = 20

/** Takes the mark, from an older one by force; `undefined` once the signal is aborted. */
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
      // With an id of its own each time: what is left of an attempt that failed is still given back.
      const id = nextLockId()
      own.add(id)
      const mark = await driver.tryAcquire({ ...request, id })
      if (mark !== null) return { mark }
      const other = holderOf(await driver.inspect(request.resource))
      if (other === undefined) await pause(LOOK_EVERY_MS, signal, { keepsAlive: false })
      else if (!own.has(other.id) && yieldsTo(other, request)) return { newer: other }
      else await driver.forceRelease(request.resource, other.id)
    } catch (error) {
      // Whether that may last is for the wait for the lock itself to say.
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
  // Where it cannot be given back, its lease ends it.
  else void Promise.resolve(mark.release()).catch(() => undefined)
}

/** Its label says when it came: of two that come at once, each has to find the same one newer. */
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
