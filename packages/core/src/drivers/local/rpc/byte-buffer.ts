const INITIAL_BYTES = 4 * 1024

/**
 * Joins small pieces. It copies them into one growing buffer, so that a peer that sends a megabyte byte by byte does not cost
 * a million small buffers.
 */
export class ByteBuffer {
  #store = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#store.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, needed, this.#store.length * 2))
      this.#store.copy(grown, 0, 0, this.#length)
      this.#store = grown
    }
    this.#store.set(bytes, this.#length)
    this.#length = needed
  }

  /** The content, valid until the next change. */
  get bytes(): Buffer {
    return this.#store.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }
}
