import { MAX_TIMER_MS } from './timer-limit.js'

/**
 * One timer for the deadlines of many requests. Setting and clearing a timer for each would cost more than the rest of
 * a small request; nearly all deadlines are met, so it is cheaper to look at those that are left when the earliest
 * one known has passed.
 */
export class DeadlineTimer {
  readonly #onDue: (now: number) => number
  #due = Infinity
  #timer: NodeJS.Timeout | undefined
  #keepsAlive = false

  /**
   * `onDue` ends what has passed its deadline by `now`, an instant of `performance.now()`, and returns the earliest
   * deadline that is left, else `Infinity`.
   */
  constructor(onDue: (now: number) => number) {
    this.#onDue = onDue
  }

  /** Makes sure that `onDue` is called soon after an instant of `performance.now()`. */
  watch(deadline: number): void {
    if (deadline >= this.#due || deadline === Infinity) return
    this.#due = deadline
    clearTimeout(this.#timer)
    const delayMs = Math.min(Math.max(0, Math.ceil(deadline - performance.now())), MAX_TIMER_MS)
    this.#timer = setTimeout(this.#look, delayMs)
    if (!this.#keepsAlive) this.#timer.unref()
  }

  /** Whether waiting for a deadline keeps the process alive; not unless told so. */
  keepAlive(keepsAlive: boolean): void {
    this.#keepsAlive = keepsAlive
    if (keepsAlive) this.#timer?.ref()
    else this.#timer?.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#due = Infinity
  }

  readonly #look = (): void => {
    this.#due = Infinity
    // A timer may fire a fraction early; what is due within it has passed.
    this.watch(this.#onDue(performance.now() + 0.5))
  }
}
