/** The first in the queue looks this often whether the holder died; a release is usually heard of at once. */
const HEAD_POLL_MS = 10
/** With a watch, others who are near look less often the further back they are. */
const WATCHED_POLL_MS = 50
/** No turn takes less, so whoever looks as often as it has others before it does not come late. */
const SHORTEST_TURN_MS = 1
const MAX_POLL_MS = 200
/** Who is told when it comes near looks by itself only in case a word was lost. Hundreds that look more often keep the machine busy. */
const NUDGED_POLL_MS = 1000

/** Where a waiter is, and what tells it to look besides the time. */
export interface WaitingPlace {
  /** How many are before it. */
  readonly position: number
  /** It expects its turn next, and watches for it where it can. */
  readonly isNear: boolean
  readonly isWatching: boolean
  readonly isNudged: boolean
}

/**
 * How often a waiter looks. Where nothing tells it to, that depends on how long nothing has moved: in a queue that moves it has to
 * notice its turn at once, and where one holder works for minutes nobody shall burn the machine.
 */
export class PollPace {
  #position = -1
  #since: number

  constructor(nowMs: number) {
    this.#since = nowMs
  }

  /** Milliseconds until the next look of the waiter in this place. */
  nextMs(place: WaitingPlace, nowMs: number): number {
    const { position, isNear, isWatching, isNudged } = place
    if (position !== this.#position) {
      this.#position = position
      this.#since = nowMs
    }
    if (isWatching) return position === 0 ? HEAD_POLL_MS : WATCHED_POLL_MS * position
    if (isNudged && !isNear) return NUDGED_POLL_MS
    const stillMs = nowMs - this.#since
    const least = Math.max(1, position) * SHORTEST_TURN_MS
    const most = isNear ? HEAD_POLL_MS * (position + 1) : MAX_POLL_MS
    return Math.min(most, Math.max(least, stillMs / (isNear ? 20 : 8)))
  }
}
