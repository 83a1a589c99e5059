import { type ClockTimer, systemClock } from './clock.js'
import { MAX_TIMER_MS } from './timer-limit.js'

/**
 * One timer for the deadlines of many requests. Setting and clearing a timer for each would cost more than the rest of a small
 * request. Nearly all deadlines are met, so it is cheaper to check the remaining ones when the earliest known deadline has passed.
 */
export class DeadlineTimer {
  readonly #onDue: (now: number) => number
  #due = Infinity
  /** The instant that has come when the timer fires. */
  #reaches = 0
  #timer: ClockTimer | undefined
  #keepsAlive = false

  /**
   * `onDue` ends everything whose deadline has passed by `now`, an instant of `performance.now()`, and returns the earliest remaining
   * deadline, else `Infinity`.
   */
  constructor(onDue: (now: number) => number) {
    this.#onDue = onDue
  }

  /** Schedules `onDue` for soon after an instant of `performance.now()`. */
  watch(deadline: number): void {
    if (deadline >= this.#due || deadline === Infinity) return
    this.#due = deadline
    this.#timer?.stop()
    const delayMs = Math.min(Math.max(0, Math.ceil(deadline - performance.now())), MAX_TIMER_MS)
    this.#reaches = delayMs < MAX_TIMER_MS ? deadline : 0
    this.#timer = systemClock.startTimer(delayMs, this.#look)
    if (!this.#keepsAlive) this.#timer.unref()
  }

  /** Sets whether the timer keeps the process alive; it does not by default. */
  keepAlive(keepsAlive: boolean): void {
    this.#keepsAlive = keepsAlive
    if (keepsAlive) this.#timer?.ref()
    else this.#timer?.unref()
  }

  stop(): void {
    this.#timer?.stop()
    this.#due = Infinity
  }

  readonly #look = (): void => {
    this.#due = Infinity
    // A timer can fire a fraction early, and a test can fake timers without `performance`: that it fires decides.
    this.watch(this.#onDue(Math.max(performance.now() + 0.5, this.#reaches)))
  }
}
