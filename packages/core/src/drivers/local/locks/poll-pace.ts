/** The first in the queue looks this often whether the holder died, where that is heard of by nobody. */
const HEAD_POLL_MS = 10
/** As often where nothing has moved for long: soon enough for whoever waits that long. */
const STILL_HEAD_POLL_MS = 50
/** Others who hear of changes look by themselves less often the further back they are: a hint may be lost. */
const HINTED_POLL_MS = 50
const MAX_HINTED_POLL_MS = 1000
/** Whoever hears of all that matters looks this often, since a hint may be lost. */
const IDLE_POLL_MS = 2000
/** No turn takes less, so whoever looks as often as it has others before it does not come late. */
const SHORTEST_TURN_MS = 1
const MAX_POLL_MS = 200
/** The same where nothing has moved for long: there are several turns to come. */
const STILL_MAX_POLL_MS = 1000

/** What a waiter hears of, without looking by the time. */
export interface Hearing {
  /** The lock, or the queue, has changed. */
  readonly hearsOfChange: boolean
  /** Whom it waits for has ended. */
  readonly hearsOfEnd: boolean
}

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
