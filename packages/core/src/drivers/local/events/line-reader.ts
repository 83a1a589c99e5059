import type { FileSystem } from '../home/file-system.js'
import { MAX_LINE_BYTES } from './log-record.js'

const INITIAL_BUFFER_BYTES = 64 * 1024
const NEWLINE = 0x0a

/**
 * Reads complete lines from a growing file. What follows the last newline is left for the next call, so `offset`
 * always stands at the beginning of a line.
 */
export class LineReader {
  /** Where the next line begins. */
  offset: number
  readonly #fileSystem: FileSystem
  readonly #descriptor: number
  #buffer = Buffer.allocUnsafe(INITIAL_BUFFER_BYTES)
  /** Inside a line that is longer than any record may be. */
  #skipping = false

  constructor(fileSystem: FileSystem, descriptor: number, offset: number) {
    this.#fileSystem = fileSystem
    this.#descriptor = descriptor
    this.offset = offset
  }

  /**
   * Calls `onLine` for each non-empty line and the offset behind it, until it returns false.
   *
   * @returns true when everything complete has been read
   */
  read(onLine: (line: string, end: number) => boolean): boolean {
    for (;;) {
      const buffer = this.#buffer
      const base = this.offset
      const length = this.#fileSystem.read(this.#descriptor, buffer, base)
      const filled = buffer.subarray(0, length)
      let start = 0
      for (let end = filled.indexOf(NEWLINE); end >= 0; end = filled.indexOf(NEWLINE, start)) {
        const lineStart = start
        start = end + 1
        this.offset = base + start
        if (this.#skipping) this.#skipping = false
        else if (end > lineStart && !onLine(filled.toString('utf8', lineStart, end), base + start))
          return false
      }
      if (length < buffer.length) return true
      if (start === 0) this.#enlarge()
    }
  }

  /** Makes room for a longer line, or gives it up where no record can be that long. */
  #enlarge(): void {
    if (this.#buffer.length < MAX_LINE_BYTES) {
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length * 2)
      return
    }
    this.offset += this.#buffer.length
    this.#skipping = true
  }
}
