/** How often the first in the queue checks whether the holder died, if it gets no hint. */
const HEAD_POLL_MS = 10
/** The same if nothing has moved for long: soon enough after such a wait. */
const STILL_HEAD_POLL_MS = 50
/** Others that get hints poll less often the further back they are: a hint can get lost. */
const HINTED_POLL_MS = 50
const MAX_HINTED_POLL_MS = 1000
/** A waiter that gets all relevant hints polls this often, since a hint can get lost. */
const IDLE_POLL_MS = 2000
/** No turn is shorter, so a waiter that sleeps this long for each one before it is never late. */
const SHORTEST_TURN_MS = 1
const MAX_POLL_MS = 200
/** The same if nothing has moved for long: several turns are still to come. */
const STILL_MAX_POLL_MS = 1000

/** The hints that a waiter gets without polling. */
export interface Hearing {
  /** A change of the lock, or of the queue. */
  readonly hearsOfChange: boolean
  /** The end of the process that it waits for. */
  readonly hearsOfEnd: boolean
}

/**
 * How often a waiter polls. Without hints this depends on how long nothing has moved: in a moving queue a waiter has
 * to notice its turn immediately, and while one holder works for minutes, polling must not waste the machine.
 */
export class PollPace {
  readonly #near: number
  #position = -1
  #since: number

  /** @param near how many at the head are expected to have a watch */
  constructor(near: number, nowMs: number) {
    this.#near = near
    this.#since = nowMs
  }

  /** Returns the milliseconds until the next poll of a waiter with this many others before it. */
  nextMs(position: number, { hearsOfChange, hearsOfEnd }: Hearing, nowMs: number): number {
    if (position !== this.#position) {
      this.#position = position
      this.#since = nowMs
    }
    if (hearsOfChange && hearsOfEnd) return IDLE_POLL_MS
    if (hearsOfChange && position > 0)
      return Math.min(MAX_HINTED_POLL_MS, HINTED_POLL_MS * position)
    const stillMs = nowMs - this.#since
    const stillHeadMs = Math.min(STILL_HEAD_POLL_MS, Math.max(HEAD_POLL_MS, stillMs / 200))
    if (hearsOfChange) return stillHeadMs
    const least = Math.max(1, position) * SHORTEST_TURN_MS
    const isNear = position < this.#near
    const most = isNear
      ? Math.max(HEAD_POLL_MS * (position + 1), stillHeadMs)
      : Math.min(STILL_MAX_POLL_MS, Math.max(MAX_POLL_MS, stillMs / 40))
    return Math.min(most, Math.max(least, stillMs / (isNear ? 20 : 8)))
  }
}
