import type { StringDecoder } from 'node:string_decoder'

import { ByteBuffer } from './byte-buffer.js'

/** Smaller parts are joined first, since each text takes its own memory. */
const LARGE_BYTES = 16 * 1024

/**
 * The text of a frame that arrives in pieces. Large ones are decoded as they arrive: that costs less than copying them into new
 * memory for each large frame.
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

  /** Returns the beginning of a frame as single-byte characters; only while it is small. */
  toLatin1(): string {
    return this.#small.bytes.toString('latin1')
  }

  /** Returns the whole text and clears it. */
  take(): string {
    this.#decodeSmall()
    // A truncated character is a broken one.
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
