/** A store that remembers the highest token it has seen, and refuses lower ones. */
export class FencedMemory {
  /** Tokens of the owner's writes that were accepted after the next one had written. */
  readonly staleWrites: string[] = []
  refused = 0
  #highest = 0n
  #hasNext = false

  write(token: bigint, by: 'owner' | 'next'): void {
    if (token < this.#highest) {
      this.refused += 1
      return
    }
    if (by === 'next') this.#hasNext = true
    else if (this.#hasNext) this.staleWrites.push(String(token))
    this.#highest = token
  }
}
