/** Under which worker threads find the cell of their process. */
const KEY = '@cli-ops/shared-ipc parsing thread'

/**
 * Which thread of the process was the first to parse a command line. The threads know it together, by a cell of memory that workers get
 * when they are made.
 */
export class ParsingThread {
  /** 0 before any has; then its number, counted from 1. */
  readonly #cell: Int32Array
  readonly #own: number
  readonly isMain: boolean

  constructor() {
    const threads = process.getBuiltinModule('node:worker_threads')
    const { getEnvironmentData, setEnvironmentData, threadId, isMainThread } = threads
    let buffer: unknown = getEnvironmentData(KEY)
    if (!(buffer instanceof SharedArrayBuffer)) {
      buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
      setEnvironmentData(KEY, buffer as SharedArrayBuffer)
    }
    this.#cell = new Int32Array(buffer as SharedArrayBuffer)
    this.#own = threadId + 1
    this.isMain = isMainThread
  }

  get isKnown(): boolean {
    return Atomics.load(this.#cell, 0) !== 0
  }

  /** Notes that this thread parses. False where another one has done so before. */
  begin(): boolean {
    const before = Atomics.compareExchange(this.#cell, 0, 0, this.#own)
    return before === 0 || before === this.#own
  }
}
