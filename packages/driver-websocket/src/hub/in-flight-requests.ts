/** Counts in-flight requests. */
export class InFlightRequests {
  #count = 0
  #onIdle: (() => void)[] = []

  /** Counts a request until it settles. */
  add(answer: Promise<unknown>): void {
    this.#count += 1
    const settle = (): void => {
      this.#count -= 1
      if (this.#count > 0) return
      for (const resolve of this.#onIdle.splice(0)) resolve()
    }
    answer.then(settle, settle)
  }

  /** Resolves when there are none. */
  idle(): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onIdle.push(resolve))
  }
}
