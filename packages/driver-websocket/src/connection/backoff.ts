const FIRST_MS = 50
const MAX_MS = 2_000

/** How long to wait before the next attempt: longer with each one, and never all clients of a hub at once. */
export class Backoff {
  #attempts = 0

  /** @param maxMs the longest it may be */
  nextMs(maxMs = MAX_MS): number {
    const longest = Math.min(maxMs, FIRST_MS * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 10)
    return longest / 2 + (Math.random() * longest) / 2
  }

  reset(): void {
    this.#attempts = 0
  }
}
