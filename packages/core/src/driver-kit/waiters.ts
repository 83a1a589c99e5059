import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'

/** Waiters for changes of one thing. A wait keeps the process alive. */
export class Waiters {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next change, once the time has passed, or when the signal is aborted. */
  wait(signal: AbortSignal, ms = 2 ** 30): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
      if (signal.aborted) wake()
      else signal.addEventListener('abort', wake, { once: true })
    })
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
