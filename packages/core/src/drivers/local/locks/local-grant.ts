import type { LockGrant } from '../../../locks/contract/lock-driver.js'
import { type Claim, type ClaimContext, releaseClaim } from './claim.js'

/** Calls `listener` once `isHeld` has become false; returns a function that stops. */
export type WatchForLoss = (claim: Claim, isHeld: () => boolean, listener: () => void) => () => void

/** Creates the grant of a won claim. Few are watched. */
export function createLocalGrant(
  context: ClaimContext,
  claim: Claim,
  watchForLoss: WatchForLoss,
): LockGrant {
  const { fileSystem, failure } = context
  const isHeld = (): boolean => {
    try {
      return fileSystem.status(claim.entry) !== undefined
    } catch (error) {
      throw failure(error)
    }
  }
  let released = false
  let gone = false
  const watches = new Set<() => void>()
  const release = (): void => {
    const found = releaseClaim(context, claim)
    if (!released) gone = !found
    released = true
    for (const stop of watches) stop()
    watches.clear()
  }
  return {
    id: claim.request.id,
    token: claim.token,
    grantedAt: new Date(claim.since),
    isHeld,
    // A released lock is gone as well, but not lost.
    onLost: (listener) => {
      if (released) return () => undefined
      const stop = watchForLoss(claim, () => released || isHeld(), listener)
      watches.add(stop)
      return () => {
        watches.delete(stop)
        stop()
      }
    },
    release,
    releaseSync: release,
    wasGone: () => gone,
  }
}
