import type { LockGrant } from '../../lock-driver.js'
import { storageError } from '../home.js'
import { type Claim, releaseClaim } from './claims.js'
import type { LockPlace } from './lock-place.js'

/** How often a holder looks by itself whether the lock was taken away; the watch is usually faster. */
const LOST_POLL_MS = 1000

/** Makes the grant of a claim that was won. */
export function createLocalGrant(place: LockPlace, claim: Claim): LockGrant {
  const { fileSystem } = place
  const isHeld = (): boolean => {
    try {
      return fileSystem.status(claim.entry) !== undefined
    } catch (error) {
      throw storageError(error, place.home.root)
    }
  }
  let released = false
  const release = (): void => {
    releaseClaim(place, claim)
    released = true
  }
  return {
    id: claim.request.id,
    token: claim.token,
    grantedAt: new Date(claim.since),
    isHeld,
    // What was given back is gone as well, but not lost.
    onLost: (listener) => watchForLoss(place, claim, () => released || isHeld(), listener),
    release,
    releaseSync: release,
  }
}

function watchForLoss(
  place: LockPlace,
  claim: Claim,
  isHeld: () => boolean,
  listener: () => void,
): () => void {
  const { clock, fileSystem } = place
  let stopped = false
  let stopTimer = (): void => undefined
  let watcher: { close(): void } | undefined
  const stop = (): void => {
    stopped = true
    stopTimer()
    watcher?.close()
  }
  const look = (): void => {
    if (stopped || stillHeld(isHeld)) return
    stop()
    listener()
  }
  const poll = (): void => {
    look()
    if (!stopped) stopTimer = clock.startTimer(LOST_POLL_MS, poll, { persistent: false })
  }
  try {
    watcher = fileSystem.watch(claim.paths.lock, look, { persistent: false })
  } catch {
    // No watches left on this machine, or the lock is gone: the poll finds out.
  }
  // Deferred, so that a lock lost already is reported after this function has returned.
  stopTimer = clock.startTimer(0, poll, { persistent: false })
  return stop
}

// A disk that cannot be read says nothing about the lock.
function stillHeld(isHeld: () => boolean): boolean {
  try {
    return isHeld()
  } catch {
    return true
  }
}
