import type { LockGrant, LockRequest } from '../../lock-driver.js'
import { type Home, storageError } from '../home.js'
import type { Claim } from './claims.js'
import { createLocalGrant } from './local-grant.js'
import { LockPlace } from './lock-place.js'
import { enterQueue } from './queue.js'
import { realSurroundings } from './real-surroundings.js'
import { Turn } from './turn.js'

/** How a blocking wait ends and is observed. */
export interface BlockingWait {
  readonly timeoutMs: number
  /** Called before every pause. */
  readonly onPause: () => void
}

/**
 * Waits for a lock as any waiter does, with a ticket in the queue, but blocks the thread; `null` at the timeout. A signal that
 * ends the process meanwhile leaves the ticket, which the next to look recognises as a dead waiter's.
 *
 * @throws CliOpsError `LOCK_DEADLOCK`, `STORAGE_FAILED`
 */
export function blockForTurn(
  home: Home,
  request: LockRequest,
  { timeoutMs, onPause }: BlockingWait,
): LockGrant | null {
  const place = new LockPlace(home, realSurroundings(home))
  const { clock } = place
  const began = clock.monotonicNs()
  try {
    const turn = new Turn(place, request, enterQueue(place, request, began), undefined)
    try {
      turn.begin()
      for (;;) {
        const claim: Claim | undefined = turn.tryOnce()
        if (claim !== undefined) return createLocalGrant(place, claim)
        turn.report()
        const leftMs = timeoutMs - Number(clock.monotonicNs() - began) / 1e6
        if (leftMs <= 0) return null
        onPause()
        sleep(Math.min(turn.pollMs(false), leftMs))
      }
    } finally {
      turn.leave()
    }
  } catch (error) {
    throw storageError(error, home.root)
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(1, ms))
}
