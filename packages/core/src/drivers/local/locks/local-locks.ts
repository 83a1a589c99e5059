import { atExit } from '../../../base/process/at-exit.js'
import { identityOf } from '../../../base/process/identity-of.js'
import type {
  LockDriver,
  LockGrant,
  LockRequest,
  LockWait,
} from '../../../locks/contract/lock-driver.js'
import type { Home } from '../home/home.js'
import type { Claim } from './claim.js'
import { tryClaim } from './claims.js'
import { cleanLocks } from './clean-locks.js'
import { findClaim } from './find-claim.js'
import { forceRelease } from './force-release.js'
import { inspectLock, listEncodedResources, mayBeginWith } from './inspect-locks.js'
import { createLocalGrant } from './local-grant.js'
import { assertLockId } from './lock-names.js'
import { LockContext, type LockSurroundings } from './lock-context.js'
import { enterQueue, hasWaiters, leaveQueue, type Ticket } from './queue.js'
import { realSurroundings } from './real-surroundings.js'
import { joinsOwnSharers } from './shared-reentry.js'
import { takeFreeLock } from './take-free-lock.js'
import type { waitForTurn } from './wait-for-turn.js'
import { watchForLoss } from './watch-for-loss.js'

type WaitForTurn = typeof waitForTurn

/**
 * Creates the locks of the local driver: the claim protocol of `docs/reference/lock-protocol.md` on files. Nothing is
 * touched until the first operation.
 */
export function createLocalLocks(
  home: Home,
  surroundings: LockSurroundings = realSurroundings(home),
): LockDriver {
  const context = new LockContext(home, surroundings)

  const tryAcquire = (request: LockRequest): LockGrant | null => {
    assertLockId(request.id)
    const first = takeFreeLock(context, request)
    const claim = first === undefined ? lookAndClaim(request) : first
    return claim ? toGrant(claim) : null
  }

  const lookAndClaim = (request: LockRequest): Claim | undefined => {
    home.prepare()
    const paths = context.of(request.resource)
    if (hasWaiters(context, paths) && !joinsOwnSharers(context, paths, request)) return undefined
    return tryClaim(context, request)
  }

  const toGrant = (claim: Claim): LockGrant =>
    createLocalGrant(context, claim, (...lost) => watchForLoss(context, ...lost))

  // The ticket comes first: processes that arrive while the rest loads must find it.
  const enter = (request: LockRequest, arrival: bigint): Ticket =>
    home.attempt(() => enterQueue(context, request, arrival))

  const waitWith = async (ticket: Ticket, request: LockRequest, wait: LockWait): Promise<Claim> => {
    const forgetExit = atExit(() => {
      leaveQueue(context, ticket)
    })
    try {
      return await (
        await loadWait(ticket)
      )(context, request, wait, ticket)
    } finally {
      forgetExit()
    }
  }

  // Most commands never wait, so they do not load the code for that.
  const loadWait = async (ticket: Ticket): Promise<WaitForTurn> => {
    try {
      return (await import('./wait-for-turn.js')).waitForTurn
    } catch (error) {
      leaveQueue(context, ticket)
      throw error
    }
  }

  return {
    tryAcquire,
    tryAcquireSync: tryAcquire,
    async acquire(request, wait) {
      wait.signal.throwIfAborted()
      const arrival = request.arrival ?? surroundings.clock.monotonicNs()
      const grant = wait.isBusy === true ? null : tryAcquire(request)
      if (grant !== null) return grant
      const ticket = enter(request, arrival)
      return toGrant(await waitWith(ticket, request, wait))
    },
    inspect: (resource) => (context.isThere() ? inspectLock(context, context.of(resource)) : null),
    list: ({ prefix = '' } = {}) => {
      if (!context.isThere()) return []
      return home
        .attempt(() => listEncodedResources(context))
        .filter((encoded) => mayBeginWith(encoded, prefix))
        .flatMap((encoded) => inspectUnlessForeign(encoded) ?? [])
    },
    forceRelease: (resource, id) => context.isThere() && forceRelease(context, resource, id),
    resume: (request, token) => {
      const claim = context.isThere() ? findClaim(context, request, token) : undefined
      return claim === undefined ? null : toGrant(claim)
    },
    ownedBy: (pid, partnerPid, { waitsAsSelf = false } = {}) => {
      const identity = identityOf(pid, partnerPid)
      if (waitsAsSelf)
        return createLocalLocks(home, {
          ...surroundings,
          identity: () => identity,
          waiter: () => surroundings.identity(),
        })
      return createLocalLocks(home, {
        ...surroundings,
        identity: () => identity,
        // This process would stand for it, and might end before the owner.
        announce: () => undefined,
        // The owner is a child, and waits for its parent as much as this process does.
        waitingAncestors: () => [process.pid, ...surroundings.waitingAncestors()],
        // This process waits, but the owner would receive the nudges.
        onNudge: () => undefined,
      })
    },
    clean: (options = {}) =>
      context.isThere() ? home.attempt(() => cleanLocks(context, options)) : [],
  }

  // Foreign files are not a lock; an attempt to take it reports them.
  function inspectUnlessForeign(encoded: string) {
    try {
      return inspectLock(context, context.ofEncoded(encoded))
    } catch {
      return null
    }
  }
}
