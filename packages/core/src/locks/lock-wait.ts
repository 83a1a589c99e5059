import { type Clock, type ClockTimer, systemClock } from '../base/wait/clock.js'
import { MAX_TIMER_MS } from '../base/wait/timer-limit.js'
import { describe } from '../base/names/assert-name.js'
import { onAbort } from '../base/wait/abort-signal.js'

/** Throws a `TypeError` unless the value is a timeout: a number of milliseconds from 0 to Infinity. */
export function assertTimeoutMs(argument: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(
    `${argument} must be a number of milliseconds, 0 or more, got ${describe(value)}`,
  )
}

/** Reads the default timeout from `CLI_OPS_LOCK_TIMEOUT_MS`; without limit if it is not set. */
export function timeoutFromEnvironment(env = process.env): number {
  const text = env['CLI_OPS_LOCK_TIMEOUT_MS'] ?? ''
  if (text === '') return Infinity
  if (/^\d{1,15}$/u.test(text)) return Number(text)
  throw new TypeError(
    `CLI_OPS_LOCK_TIMEOUT_MS must be a whole number of milliseconds, got ${describe(text)}`,
  )
}

/** Everything that can end one wait: its timeout, the caller's signal, the closing of the manager. */
export class WaitLimit {
  readonly #controller = new AbortController()
  readonly #stopListening: readonly (() => void)[]
  readonly #clock: Clock
  #timer: ClockTimer | undefined
  #timedOut = false

  constructor(
    timeoutMs: number,
    sources: readonly (AbortSignal | undefined)[],
    clock: Clock = systemClock,
  ) {
    this.#clock = clock
    this.#stopListening = sources.map((source) =>
      onAbort(source, () => {
        this.end(source?.reason)
      }),
    )
    if (timeoutMs !== Infinity) this.#startTimer(clock.monotonicMs() + timeoutMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** True if the timeout ended the wait. */
  get timedOut(): boolean {
    return this.#timedOut
  }

  /** Ends the wait for the given reason. */
  end(reason: unknown): void {
    this.#controller.abort(reason)
  }

  /** Removes the timer and the listeners. */
  dispose(): void {
    this.#timer?.stop()
    for (const stop of this.#stopListening) stop()
  }

  #startTimer(deadline: number): void {
    const left = deadline - this.#clock.monotonicMs()
    this.#timer = this.#clock.startTimer(Math.max(0, Math.ceil(left)), () => {
      // Only the longest timer fires before its time. The clock proves nothing: a test can fake timers without `performance`.
      if (left > MAX_TIMER_MS) {
        this.#startTimer(deadline)
        return
      }
      // The caller's own signal came first.
      if (this.signal.aborted) return
      this.#timedOut = true
      this.end(new DOMException('the wait for a lock timed out', 'TimeoutError'))
    })
  }
}
