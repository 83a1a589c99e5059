const FIRST_MS = 50
const MAX_MS = 2_000

/**
 * Returns how long to wait before the next attempt: longer each time, and random, so that a hub's clients do not all
 * return together.
 */
export class Backoff {
  #attempts = 0

  /** @param maxMs the longest pause */
  nextMs(maxMs = MAX_MS): number {
    const longest = Math.min(maxMs, FIRST_MS * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 10)
    return longest / 2 + (Math.random() * longest) / 2
  }

  reset(): void {
    this.#attempts = 0
  }
}
