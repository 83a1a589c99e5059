import type { Clock, ClockTimer } from '../base/wait/clock.js'
import { nextTurn } from '../base/wait/next-turn.js'
import { describe } from '../base/names/assert-name.js'
import { assertInteger } from '../base/validation/assert-number.js'

/** Turns of the event loop after each timer, in which its effects can continue. */
const TURNS = 3

/** A clock that stands still until a test advances it. */
export interface TestClock {
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * Advances the clock by `ms`. Everything due happens in order, each at its own time. Resolves when the effects in this process have
   * continued; anything that waits for a disk or another process might still be pending.
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
 * Creates a clock for {@link createTestCoordinator}.
 *
 * @param startAt the initial time, by default the real time
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

/** Returns whether a value was created by {@link createTestClock}. */
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

  /** Returns the next due timer; of several due at the same time, the one started first. */
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
