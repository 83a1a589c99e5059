/** Waits for changes. A wait keeps the process alive: somebody waits for an event. */
export class Waiters {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next change, or when the signal is aborted. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearInterval(alive)
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const alive = setInterval(() => undefined, 2 ** 30)
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }
}
