/** How many refused attempts of one address are answered normally, until it has been quiet for a while. */
const MAX_ATTEMPTS = 20
const FORGET_AFTER_MS = 60_000
const MAX_ADDRESSES = 10_000

/**
 * Counts refused attempts. A valid access key gets in however many bad ones its address has tried: one address can
 * stand for many clients, and trial and error does not find a secret of 32 random bytes.
 */
export class AttemptLimit {
  readonly #failures = new Map<string, { count: number; last: number }>()

  /** Records a failure. @returns whether the address has had too many */
  fail(address: string): boolean {
    const now = Date.now()
    const known = this.#failures.get(address)
    const count = known === undefined || now - known.last > FORGET_AFTER_MS ? 1 : known.count + 1
    this.#failures.delete(address)
    // The oldest come first.
    if (this.#failures.size >= MAX_ADDRESSES) {
      const [oldest] = this.#failures.keys()
      if (oldest !== undefined) this.#failures.delete(oldest)
    }
    this.#failures.set(address, { count, last: now })
    return count > MAX_ATTEMPTS
  }
}
