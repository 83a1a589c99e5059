import { isCliOpsError } from '../../../base/errors/cli-ops-error.js'
import { atExit } from '../../../base/process/at-exit.js'
import type { LockGrant, LockRequest } from '../../../locks/contract/lock-driver.js'
import { storageError } from '../home/home.js'
import { BlockedWaiter } from './blocked-waiter.js'
import { createLocalGrant } from './local-grant.js'
import type { LockContext } from './lock-context.js'
import { enterQueue } from './queue.js'
import { QueuePosition, type QueuePositionOptions } from './queue-position.js'
import { watchForLoss } from './watch-for-loss.js'

/** The limits and callbacks of a blocking wait. */
export interface BlockingWait {
  readonly timeoutMs: number
  /** Called before every pause. If it returns a grant, the wait ends. */
  readonly onPause: () => LockGrant | null | void
}

/** A blocked thread receives no signals. */
const DEAF: QueuePositionOptions = { hearsNudges: false }

/**
 * Waits for a lock like any waiter, with a ticket in the queue, but blocks the thread; returns `null` at the timeout. A signal
 * that ends the process meanwhile leaves the ticket, which the next process recognises as a dead waiter's.
 *
 * @throws CliOpsError `LOCK_DEADLOCK`, `STORAGE_FAILED`
 */
export function blockForTurn(
  context: LockContext,
  request: LockRequest,
  wait: BlockingWait,
): LockGrant | null {
  return blockForAnyTurn(context, [request], wait)
}

/** Like {@link blockForTurn}, for the first available of several locks, in all their queues at once. */
export function blockForAnyTurn(
  context: LockContext,
  requests: readonly LockRequest[],
  { timeoutMs, onPause }: BlockingWait,
): LockGrant | null {
  const { clock, home } = context
  const began = clock.monotonicNs()
  const waiter = new BlockedWaiter(context, began)
  const turns: QueuePosition[] = []
  const leave = (): void => {
    for (const turn of turns) turn.leave()
  }
  try {
    const forgetExit = atExit(leave)
    try {
      for (const request of requests)
        turns.push(new QueuePosition(context, request, enterQueue(context, request, began), DEAF))
      withoutDeadlocks(turns, (turn) => turn.begin())
      for (;;) {
        waiter.beginLook()
        for (const turn of turns) {
          const claim = turn.tryOnce()
          if (claim !== undefined)
            return createLocalGrant(context, claim, (...lost) => watchForLoss(context, ...lost))
        }
        withoutDeadlocks(turns, (turn) => turn.report())
        const leftMs = timeoutMs - Number(clock.monotonicNs() - began) / 1e6
        if (leftMs <= 0) return null
        const instead = onPause()
        if (instead) return instead
        waiter.sleep(turns, leftMs)
      }
    } finally {
      waiter.close()
      forgetExit()
      leave()
    }
  } catch (error) {
    throw storageError(error, home.root)
  }
}

/** Gives up turns that would never come, and throws if none is left. */
function withoutDeadlocks(turns: QueuePosition[], step: (turn: QueuePosition) => void): void {
  for (const turn of [...turns]) {
    try {
      step(turn)
    } catch (error) {
      if (turns.length === 1 || !isCliOpsError(error, 'LOCK_DEADLOCK')) throw error
      turns.splice(turns.indexOf(turn), 1)
      turn.leave()
    }
  }
}
