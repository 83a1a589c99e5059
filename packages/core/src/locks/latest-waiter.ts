import type { MaybePromise } from '../base/wait/maybe-promise.js'
import { pause } from '../base/wait/pause.js'
import type { LockDriver, LockGrant, LockRequest } from './contract/lock-driver.js'
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

/**
 * Makes this the latest of those who wait for a resource with `queue: 'latest'`. It is the one that holds a lock for them, which a newer one
 * takes from it by force. Who died meanwhile holds it no longer.
 *
 * @param onSuperseded called once a newer one has come, maybe before this resolves
 */
export async function becomeLatest(
  driver: LockDriver,
  resource: string,
  onSuperseded: (newer: Holder | undefined) => void,
): Promise<LatestWaiter> {
  const request = newMark(resource)
  for (;;) {
    const mark = await driver.tryAcquire(request)
    if (mark !== null) {
      const tell = (): void => {
        void newestOf(driver, resource).then(onSuperseded)
      }
      return asWaiter(mark, mark.onLost(tell))
    }
    const other = holderOf(await driver.inspect(request.resource))
    if (other === undefined) continue
    if (isNewer(other, request)) {
      onSuperseded(other)
      return SUPERSEDED
    }
    await driver.forceRelease(request.resource, other.id)
  }
}

/** As {@link becomeLatest}, on a driver that needs no waiting, for who asks {@link LatestWaiter.isLatest} now and then. */
export function becomeLatestSync(driver: LockDriver, resource: string): LatestWaiter {
  const request = newMark(resource)
  for (;;) {
    const mark = driver.tryAcquireSync?.(request) ?? null
    if (mark !== null) return asWaiter(mark)
    const other = holderOf(atOnce(driver.inspect(request.resource)))
    if (other === undefined) continue
    if (isNewer(other, request)) return SUPERSEDED
    void driver.forceRelease(request.resource, other.id)
  }
}

/** The newer one takes what it has taken away a moment later. */
const LOOKS = 5
const LOOK_EVERY_MS = 20

/** Who is the latest now, for people. */
async function newestOf(driver: LockDriver, resource: string): Promise<Holder | undefined> {
  try {
    for (let looks = 1; ; looks += 1) {
      const newest = holderOf(await driver.inspect(latestName(resource)))
      if (newest !== undefined || looks === LOOKS) return newest
      await pause(LOOK_EVERY_MS)
    }
  } catch {
    return undefined
  }
}

const SUPERSEDED: LatestWaiter = { isLatest: () => false, stop: () => undefined }

function asWaiter(mark: LockGrant, stopWatching?: () => void): LatestWaiter {
  return {
    isLatest: () => mark.isHeld(),
    stop: () => {
      stopWatching?.()
      if (mark.releaseSync !== undefined) mark.releaseSync()
      // Where it cannot be given back, its lease ends it.
      else void Promise.resolve(mark.release()).catch(() => undefined)
    },
  }
}

/** Its label says when it came: of two that come at once, each has to find the same one newer. */
function newMark(resource: string): LockRequest {
  const id = nextLockId()
  return {
    resource: latestName(resource),
    mode: 'exclusive',
    id,
    held: [],
    label: String(Date.now()),
  }
}

function isNewer({ label }: Holder, request: LockRequest): boolean {
  return Number(label) > Number(request.label)
}

function holderOf(info: LockInfo | null | undefined): Holder | undefined {
  return info?.holders[0]
}

function atOnce<T>(value: MaybePromise<T>): T | undefined {
  return value instanceof Promise ? undefined : value
}
