/** What all connections that wait may take between two polls of the loop, in small messages; some 50 µs. */
const SHARE = 16
/** The same where there is nobody to be kept waiting. */
const SHARE_ALONE = 128
/** What all distrusted peers may take within a millisecond, while others are there; so the loop is theirs for a tenth of it. */
const DISTRUSTED_SHARE = 64
const DISTRUSTED_MS = 1
/** Nobody is there after as many turns of distrusted peers without a message of another one. */
const QUIET_TURNS = 20

/** A connection whose peer has more to say than was taken so far. */
export interface TurnTaker {
  /** Its peer has sent more than a few things that are no messages. */
  readonly isDistrusted: boolean
  /** Takes messages worth `share`, the last of which may be worth more; returns the worth of what was taken. */
  takeTurn(share: number): number
}

/**
 * Deals out the event loop to the connections of one server. All that have a backlog share one budget between two polls,
 * in turns, so that a peer with a single message waits for one budget at most, whether one or a hundred pour out what
 * they have. Who sends garbage shares a smaller budget with others of that kind, so that the loop sleeps in between.
 */
export class FairTurns {
  #connections = 0
  #line: TurnTaker[] = []
  #distrusted: TurnTaker[] = []
  /** What may be taken without waiting in line, by all together until the next poll. */
  #allowance = SHARE
  #scheduled = false
  #distrustedScheduled = false
  #quietTurns = 0

  enter(): void {
    this.#connections += 1
  }

  leave(): void {
    this.#connections -= 1
  }

  /** What a connection may take without waiting in line. */
  get allowance(): number {
    return this.#connections > 1 ? this.#allowance : SHARE_ALONE
  }

  /** Tells what was taken of the allowance. */
  spend(worth: number): void {
    this.#allowance -= worth
    this.#schedule()
  }

  /** Tells that somebody is there who would be kept waiting by distrusted peers. */
  noteTrusted(): void {
    this.#quietTurns = 0
  }

  /** Puts a connection at the end of its line; it leaves with its turn. */
  wait(taker: TurnTaker): void {
    if (taker.isDistrusted) {
      this.#distrusted.push(taker)
      this.#scheduleDistrusted()
    } else {
      this.#line.push(taker)
      this.#schedule()
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#allowance = SHARE
      serve(this.#line, this.#connections > 1 ? SHARE : SHARE_ALONE)
      if (this.#line.length > 0) this.#schedule()
    })
  }

  #scheduleDistrusted(): void {
    if (this.#distrustedScheduled) return
    this.#distrustedScheduled = true
    const turn = (): void => {
      this.#distrustedScheduled = false
      this.#quietTurns += 1
      serve(this.#distrusted, DISTRUSTED_SHARE)
      if (this.#distrusted.length > 0) this.#scheduleDistrusted()
    }
    if (this.#quietTurns >= QUIET_TURNS) setImmediate(turn)
    // It keeps nothing alive that the connections do not.
    else setTimeout(turn, DISTRUSTED_MS).unref()
  }
}

/** Gives turns, first come first served; who is not done within the share comes back at the end. */
function serve(line: TurnTaker[], share: number): void {
  let left = share
  for (let waiting = line.length; waiting > 0 && left > 0; waiting -= 1)
    left -= line.shift()?.takeTurn(left) ?? 0
}
