import type { WatchingThread } from '../../../base/wait/watching-thread.js'
import type { LockContext } from './lock-context.js'
import type { QueuePosition } from './queue-position.js'

/** A second thread costs more than the polling of a shorter wait. */
const WATCH_AFTER_MS = 1000
/** A process that is ending disappears within this time, or was not ending. */
const MAX_ENDING_MS = 128
/** Shorter sleeps have no effect. */
const SHORTEST_SLEEP_MS = 1

interface Heard {
  readonly change: boolean
  readonly end: boolean
}

const NOTHING: Heard = { change: false, end: false }

/** Sleeps between the polls of a blocking wait, longer while hints reach it. */
export class BlockedWaiter {
  readonly #context: LockContext
  readonly #watchFrom: bigint
  #thread: WatchingThread | undefined
  #hints = 0
  #hearsOfEnd = false
  /** An ending process still exists for a moment after the hint: how soon to poll again, in milliseconds. */
  #endingMs = MAX_ENDING_MS

  /** @param began start of the wait, in monotonic nanoseconds */
  constructor(context: LockContext, began: bigint) {
    this.#context = context
    this.#watchFrom = began + BigInt(WATCH_AFTER_MS) * 1_000_000n
  }

  /** Call this before each poll: a hint that arrives from then on ends the sleep after it. */
  beginLook(): void {
    const hints = this.#thread?.hints ?? 0
    if (hints !== this.#hints) this.#endingMs = SHORTEST_SLEEP_MS
    this.#hints = hints
  }

  /** Sleeps until the next poll is due, for at most `mostMs`. */
  sleep(turns: readonly QueuePosition[], mostMs: number): void {
    const hears = this.#watch(turns)
    let ms = Math.min(mostMs, ...turns.map((turn) => turn.pollMs(hears)))
    if (this.#endingMs < MAX_ENDING_MS) {
      ms = Math.min(ms, this.#endingMs)
      this.#endingMs *= 2
    }
    ms = Math.max(SHORTEST_SLEEP_MS, ms)
    if (this.#thread === undefined) this.#context.clock.sleep(ms)
    else this.#thread.block(ms, this.#hints)
  }

  close(): void {
    this.#thread?.close()
  }

  #watch(turns: readonly QueuePosition[]): Heard {
    const { clock, surroundings } = this.#context
    if (surroundings.watchWhileBlocked === undefined || clock.monotonicNs() < this.#watchFrom)
      return NOTHING
    this.#thread ??= surroundings.watchWhileBlocked()
    const files = turns.map((turn) => turn.watchable)
    const awaited = turns.map((turn) => turn.awaited)
    // Far back in the queue there is nothing to watch, only to count.
    if (files.includes(undefined)) return NOTHING
    const key = JSON.stringify([files, awaited.map((owners) => owners.map(({ text }) => text))])
    const change = this.#thread.watches(key, () => {
      const ends = awaited.flat().map(({ identity }) => surroundings.lifeFileOf?.(identity))
      this.#hearsOfEnd = awaited.every((owners) => owners.length > 0) && !ends.includes(undefined)
      return [...files, ...ends].filter((file) => file !== undefined)
    })
    return { change, end: change && this.#hearsOfEnd }
  }
}
