/** The first in the queue looks this often whether the holder died; a release is usually heard of at once. */
const HEAD_POLL_MS = 10
/** Others who watch, or are told to look, do so by themselves less often the further back they are: a hint may be lost. */
const HINTED_POLL_MS = 50
/** Hundreds that look more often than this keep the machine busy. */
const MAX_HINTED_POLL_MS = 1000
/** No turn takes less, so whoever looks as often as it has others before it does not come late. */
const SHORTEST_TURN_MS = 1
const MAX_POLL_MS = 200

/**
 * How often a waiter looks. Without hints that depends on how long nothing has moved: in a queue that moves it has to
 * notice its turn at once, and where one holder works for minutes nobody shall burn the machine.
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

  /** Milliseconds until the next look of the waiter with so many others before it. */
  nextMs(position: number, hasHints: boolean, nowMs: number): number {
    if (position !== this.#position) {
      this.#position = position
      this.#since = nowMs
    }
    if (hasHints && position > 0) return Math.min(MAX_HINTED_POLL_MS, HINTED_POLL_MS * position)
    if (hasHints) return HEAD_POLL_MS
    const stillMs = nowMs - this.#since
    const least = Math.max(1, position) * SHORTEST_TURN_MS
    const isNear = position < this.#near
    const most = isNear ? HEAD_POLL_MS * (position + 1) : MAX_POLL_MS
    return Math.min(most, Math.max(least, stillMs / (isNear ? 20 : 8)))
  }
}
