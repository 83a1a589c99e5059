import { atExit } from '../../../process/at-exit.js'
import type { LockGrant, LockRequest } from '../../lock-driver.js'
import { storageError } from '../home.js'
import { createLocalGrant } from './local-grant.js'
import type { LockPlace } from './lock-place.js'
import { enterQueue } from './queue.js'
import { Turn, type TurnOptions } from './turn.js'

/** How a blocking wait ends and is observed. */
export interface BlockingWait {
  readonly timeoutMs: number
  /** Called before every pause. */
  readonly onPause: () => void
}

/** A thread that is blocked hears nothing. */
const DEAF: TurnOptions = { hearsNudges: false }

/** Shorter sleeps than this are none. */
const SHORTEST_SLEEP_MS = 1

/**
 * Waits for a lock as any waiter does, with a ticket in the queue, but blocks the thread; `null` at the timeout. A signal that
 * ends the process meanwhile leaves the ticket, which the next to look recognises as a dead waiter's.
 *
 * @throws CliOpsError `LOCK_DEADLOCK`, `STORAGE_FAILED`
 */
export function blockForTurn(
  place: LockPlace,
  request: LockRequest,
  { timeoutMs, onPause }: BlockingWait,
): LockGrant | null {
  const { clock, home } = place
  const began = clock.monotonicNs()
  try {
    const turn = new Turn(place, request, enterQueue(place, request, began), DEAF)
    const forgetExit = atExit(() => turn.leave())
    try {
      turn.begin()
      for (;;) {
        const claim = turn.tryOnce()
        if (claim !== undefined) return createLocalGrant(place, claim)
        turn.report()
        const leftMs = timeoutMs - Number(clock.monotonicNs() - began) / 1e6
        if (leftMs <= 0) return null
        onPause()
        clock.sleep(Math.max(SHORTEST_SLEEP_MS, Math.min(turn.pollMs(false), leftMs)))
      }
    } finally {
      forgetExit()
      turn.leave()
    }
  } catch (error) {
    throw storageError(error, home.root)
  }
}
