import type { Clock, ClockTimer } from '../base/wait/clock.js'
import { nextTurn } from '../base/wait/next-turn.js'
import { describe } from '../base/names/assert-name.js'
import { assertInteger } from '../base/validation/assert-number.js'

/** Turns of the event loop after each timer, in which what it set off may go on. */
const TURNS = 3

/** A clock that stands until a test turns it. */
export interface TestClock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Turns it on by `ms`: what is due meanwhile happens in order, each at its own time. Resolves when what that set off in this
   * process has gone on; what waits for a disk or another process may still do so.
   *
   * @throws TypeError
   */
  advance(ms: number): Promise<void>
}

interface WaitingTimer {
  readonly dueMs: number
  readonly callback: () => void
}

/**
 * Makes a clock for {@link createTestCoordinator}.
 *
 * @param startAt what it shows at first, by default the real time
 * @throws TypeError
 * @example
 * ```ts
 * const clock = createTestClock(new Date('2026-01-02T03:04:05Z'))
 * const ops = createTestCoordinator({ clock })
 * await clock.advance(60_000)
 * ```
 */
export function createTestClock(startAt: Date = new Date()): TestClock {
  return new TurnedClock(startAt)
}

/** True of what {@link createTestClock} made. */
export function isTestClock(value: unknown): value is TestClock & Clock {
  return value instanceof TurnedClock
}

class TurnedClock implements TestClock, Clock {
  readonly #startAtMs: number
  #passedMs = 0
  readonly #timers = new Set<WaitingTimer>()

  constructor(startAt: Date) {
    this.#startAtMs = startAt instanceof Date ? startAt.getTime() : NaN
    if (Number.isNaN(this.#startAtMs))
      throw new TypeError(`startAt must be a valid date, got ${describe(startAt)}`)
  }

  now(): number {
    return this.#startAtMs + this.#passedMs
  }

  monotonicMs(): number {
    return this.#passedMs
  }

  startTimer(ms: number, callback: () => void): ClockTimer {
    const timer = { dueMs: this.#passedMs + Math.max(0, ms), callback }
    this.#timers.add(timer)
    const stop = (): void => void this.#timers.delete(timer)
    return { ref: () => undefined, unref: () => undefined, stop }
  }

  async advance(ms: number): Promise<void> {
    assertInteger('ms', ms, 0)
    const end = this.#passedMs + ms
    await settle()
    for (;;) {
      const next = this.#nextUntil(end)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#passedMs = Math.max(this.#passedMs, next.dueMs)
      next.callback()
      await settle()
    }
    this.#passedMs = end
  }

  /** Of those that are due at one time, the first that was started. */
  #nextUntil(end: number): WaitingTimer | undefined {
    let next: WaitingTimer | undefined
    for (const timer of this.#timers) {
      if (timer.dueMs <= end && (next === undefined || timer.dueMs < next.dueMs)) next = timer
    }
    return next
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await nextTurn()
}
