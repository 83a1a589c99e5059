const INITIAL_BYTES = 4 * 1024
const KEPT_BYTES = 64 * 1024

/**
 * Collects the parts of a frame that arrives in pieces. It copies into one growing buffer, so that a peer that sends a
 * megabyte byte by byte costs a megabyte and not a million small buffers.
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

  /** The content as text; UTF-8 unless told otherwise. */
  toString(encoding: 'utf8' | 'latin1' = 'utf8'): string {
    return this.#store.toString(encoding, 0, this.#length)
  }

  clear(): void {
    this.#length = 0
    // One large frame must not occupy its memory for the rest of the connection.
    if (this.#store.length > KEPT_BYTES) this.#store = Buffer.alloc(0)
  }
}
