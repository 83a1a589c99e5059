import type { FileSystem } from '../home/file-system.js'
import { MAX_LINE_BYTES } from './log-record.js'

const INITIAL_BUFFER_BYTES = 64 * 1024
const NEWLINE = 0x0a

/**
 * Reads complete lines from a growing file. Text after the last newline is left for the next call, so `offset` is
 * always at the start of a line.
 */
export class LineReader {
  /** The start of the next line. */
  offset: number
  readonly #fileSystem: FileSystem
  readonly #descriptor: number
  #buffer = Buffer.allocUnsafe(INITIAL_BUFFER_BYTES)
  /** True inside a line longer than any valid record. */
  #skipping = false

  constructor(fileSystem: FileSystem, descriptor: number, offset: number) {
    this.#fileSystem = fileSystem
    this.#descriptor = descriptor
    this.offset = offset
  }

  /**
   * Calls `onLine` for each non-empty line with the offset after it, until it returns false.
   *
   * @returns true once all complete lines have been read
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

  /** Makes room for a longer line, or skips the line if no record can be that long. */
  #enlarge(): void {
    if (this.#buffer.length < MAX_LINE_BYTES) {
      this.#buffer = Buffer.allocUnsafe(this.#buffer.length * 2)
      return
    }
    this.offset += this.#buffer.length
    this.#skipping = true
  }
}
