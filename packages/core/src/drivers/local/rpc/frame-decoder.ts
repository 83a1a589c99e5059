import { FrameText } from './frame-text.js'

/** How messages are delimited on a connection: one JSON text per line, or a header with the length. */
export type Framing = 'lines' | 'content-length'

/** Data on the wire that is not a frame. After `bad-frame` nothing more can be read. */
export interface BrokenFrame {
  readonly broken: 'too-large' | 'bad-frame'
}

const TOO_LARGE: BrokenFrame = { broken: 'too-large' }
const BAD_FRAME: BrokenFrame = { broken: 'bad-frame' }

const NEWLINE = 0x0a
/** Some clients end lines with only a line feed. */
const HEADER_END = /\r?\n\r?\n/u
/** Real headers take 30 to 90 bytes. */
const MAX_HEADER_BYTES = 1024
const NOTHING = Buffer.alloc(0)
const LENGTH_LINE = /^Content-Length:[ \t]*(.*?)[ \t]*$/iu
const LENGTH = /^\d{1,15}$/u

/**
 * Splits a byte stream into message texts. The first byte that is neither white space nor a byte order mark decides the
 * framing: a `C` begins a `Content-Length` header, anything else a line.
 *
 * It never holds more than the largest message: an oversized one is refused as soon as the limit is exceeded,
 * whatever length was declared, and the rest of such a line is dropped as it arrives.
 */
export class FrameDecoder {
  readonly #maxBytes: number
  readonly #partial = new FrameText()
  #chunk: Buffer = NOTHING
  #offset = 0
  #framing: Framing | undefined
  /** Inside a refused line; everything up to its end is dropped. */
  #skipping = false
  /** Length of the body whose header has been read. */
  #bodyBytes: number | undefined
  #failed = false

  constructor(maxBytes: number, framing?: Framing) {
    this.#maxBytes = maxBytes
    this.#framing = framing
  }

  /** The peer's framing; undefined until its first byte. */
  get framing(): Framing | undefined {
    return this.#framing
  }

  /** Adds bytes. They are referenced, not copied, until `next` has consumed them. */
  push(chunk: Buffer): void {
    const isRead = this.#offset === this.#chunk.length
    this.#chunk = isRead ? chunk : Buffer.concat([this.#chunk.subarray(this.#offset), chunk])
    this.#offset = 0
  }

  /** Returns the next message's text, what is wrong with it, or undefined if more bytes are needed. */
  next(): string | BrokenFrame | undefined {
    if (this.#failed) return undefined
    // Most chunks are whole messages, and checking that nothing is left costs less than slicing an empty rest.
    if (this.#offset === this.#chunk.length) {
      this.#chunk = NOTHING
      this.#offset = 0
      return undefined
    }
    this.#framing ??= this.#detectFraming()
    if (this.#framing === undefined) return undefined
    return this.#framing === 'lines' ? this.#nextLine() : this.#nextBody()
  }

  /**
   * Returns the unterminated last line of a peer that has ended its side: `printf` and many languages write no newline after
   * it. Call this once everything else has been taken.
   */
  takeLast(): string | undefined {
    if (this.#failed || this.#skipping || this.#framing !== 'lines') return undefined
    const line = this.#partial.take()
    return isBlank(line) ? undefined : line
  }

  #detectFraming(): Framing | undefined {
    while (this.#offset < this.#chunk.length) {
      const byte = this.#chunk.readUInt8(this.#offset)
      if (!isWhiteSpace(byte) && !isPartOfMark(byte))
        return byte === 0x43 || byte === 0x63 ? 'content-length' : 'lines'
      this.#offset += 1
    }
    return undefined
  }

  #nextLine(): string | BrokenFrame | undefined {
    for (;;) {
      const end = this.#chunk.indexOf(NEWLINE, this.#offset)
      if (end === -1) return this.#keepPartOfLine()
      const start = this.#offset
      this.#offset = end + 1
      if (this.#skipping) {
        this.#skipping = false
        continue
      }
      if (this.#partial.length + end - start > this.#maxBytes) {
        this.#partial.clear()
        return TOO_LARGE
      }
      const line = this.#joinPartial(start, end)
      if (!isBlank(line)) return line
    }
  }

  #keepPartOfLine(): BrokenFrame | undefined {
    const part = this.#takeRest()
    if (this.#skipping) return undefined
    if (this.#partial.length + part.length > this.#maxBytes) {
      this.#partial.clear()
      this.#skipping = true
      return TOO_LARGE
    }
    this.#partial.append(part)
    return undefined
  }

  #nextBody(): string | BrokenFrame | undefined {
    if (this.#bodyBytes === undefined) {
      const broken = this.#readHeader()
      if (broken !== undefined) return broken
    }
    const bodyBytes = this.#bodyBytes
    if (bodyBytes === undefined) return undefined
    const missing = bodyBytes - this.#partial.length
    if (this.#chunk.length - this.#offset < missing) {
      this.#partial.append(this.#takeRest())
      return undefined
    }
    const start = this.#offset
    this.#offset += missing
    this.#bodyBytes = undefined
    return this.#joinPartial(start, this.#offset)
  }

  /** Reads a header up to its empty line; the header is small, so copying and searching it again is fine. */
  #readHeader(): BrokenFrame | undefined {
    const before = this.#partial.length
    const room = MAX_HEADER_BYTES - before
    this.#partial.append(this.#chunk.subarray(this.#offset, this.#offset + room))
    const header = this.#partial.toLatin1()
    const end = HEADER_END.exec(header)
    if (end === null) {
      if (this.#partial.length >= MAX_HEADER_BYTES) return this.#fail(BAD_FRAME)
      this.#takeRest()
      return undefined
    }
    this.#offset += end.index + end[0].length - before
    const length = lengthIn(header.slice(0, end.index))
    this.#partial.clear()
    if (length === 0) return this.#fail(BAD_FRAME)
    if (length > this.#maxBytes) return this.#fail(TOO_LARGE)
    this.#bodyBytes = length
    return undefined
  }

  /** A refused body is not read to its end: after two declared gigabytes, nothing useful follows. */
  #fail(broken: BrokenFrame): BrokenFrame {
    this.#failed = true
    this.#partial.clear()
    this.#takeRest()
    return broken
  }

  /** Returns whether the stream cannot continue after a broken frame. */
  get failed(): boolean {
    return this.#failed
  }

  /** Returns the text of a frame that ends with this part of the chunk. */
  #joinPartial(start: number, end: number): string {
    if (this.#partial.length === 0) return this.#chunk.toString('utf8', start, end)
    this.#partial.append(this.#chunk.subarray(start, end))
    return this.#partial.take()
  }

  #takeRest(): Buffer {
    const rest = this.#chunk.subarray(this.#offset)
    this.#chunk = NOTHING
    this.#offset = 0
    return rest
  }
}

/** Returns the length that a header declares; 0 if it declares none, or two: a proxy in front might believe the other one. */
function lengthIn(header: string): number {
  let length = 0
  for (const line of header.split('\n')) {
    const value = LENGTH_LINE.exec(line.endsWith('\r') ? line.slice(0, -1) : line)?.[1]
    if (value === undefined) continue
    const own = LENGTH.test(value) ? Number(value) : 0
    if (own === 0 || (length !== 0 && own !== length)) return 0
    length = own
  }
  return length
}

function isWhiteSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
}

/** The bytes of UTF-8's byte order mark, which never begin JSON or a header. */
function isPartOfMark(byte: number): boolean {
  return byte === 0xef || byte === 0xbb || byte === 0xbf
}

function isBlank(line: string): boolean {
  return line.length === 0 || (line.charCodeAt(0) <= 0x20 && line.trim() === '')
}
