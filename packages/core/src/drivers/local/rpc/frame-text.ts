import type { StringDecoder } from 'node:string_decoder'

import { ByteBuffer } from './byte-buffer.js'

/** Parts that are smaller are joined first, since each text takes memory of its own. */
const LARGE_BYTES = 16 * 1024

/**
 * The text of a frame that arrives in pieces. Large ones are decoded as they come: that takes less than to copy them into memory
 * that each large frame would need anew.
 */
export class FrameText {
  readonly #small = new ByteBuffer()
  #decoder: StringDecoder | undefined
  #text = ''
  #length = 0

  /** In bytes. */
  get length(): number {
    return this.#length
  }

  append(bytes: Buffer): void {
    this.#length += bytes.length
    const isLarge = bytes.length >= LARGE_BYTES
    if (!isLarge) this.#small.append(bytes)
    if (isLarge || this.#small.length >= LARGE_BYTES) this.#decodeSmall()
    if (isLarge) this.#text += this.#decode(bytes)
  }

  /** The beginning of a frame as characters of a byte each; for one that is small so far. */
  toLatin1(): string {
    return this.#small.bytes.toString('latin1')
  }

  /** The whole text, after which it is empty. */
  take(): string {
    this.#decodeSmall()
    // A character that was cut off is one that is broken.
    const text = this.#text + (this.#decoder?.end() ?? '')
    this.clear()
    return text
  }

  clear(): void {
    this.#small.clear()
    this.#decoder?.end()
    this.#text = ''
    this.#length = 0
  }

  #decodeSmall(): void {
    if (this.#small.length === 0) return
    this.#text += this.#decode(this.#small.bytes)
    this.#small.clear()
  }

  #decode(bytes: Buffer): string {
    if (this.#decoder === undefined) {
      const { StringDecoder: Decoder } = process.getBuiltinModule('node:string_decoder')
      this.#decoder = new Decoder('utf8')
    }
    return this.#decoder.write(bytes)
  }
}
