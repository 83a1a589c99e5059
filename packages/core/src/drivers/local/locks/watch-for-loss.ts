import type { Claim } from './claim.js'
import type { LockContext } from './lock-context.js'

/** How often a holder polls whether the lock was taken away; the watch is usually faster. */
const LOST_POLL_MS = 1000

/** Calls `listener` once a lock is no longer held; returns a function that stops. */
export function watchForLoss(
  context: LockContext,
  claim: Claim,
  isHeld: () => boolean,
  listener: () => void,
): () => void {
  const { clock, fileSystem } = context
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
    // This machine has no watches left, or the lock is gone: the poll will notice.
  }
  // Deferred, so that a lock already lost is reported after this function has returned.
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
