const FIRST_MS = 50
const MAX_MS = 2_000

/** How long to wait before the next attempt: longer with each one, and never all clients of a hub at once. */
export class Backoff {
  #attempts = 0

  nextMs(): number {
    const longest = Math.min(MAX_MS, FIRST_MS * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 10)
    return longest / 2 + (Math.random() * longest) / 2
  }

  reset(): void {
    this.#attempts = 0
  }
}
