/** The key under which worker threads find their process's cell. */
const KEY = '@cli-ops/shared-ipc parsing thread'

/**
 * Which thread of the process was the first to parse a command line. The threads share that in a memory cell, which workers receive
 * when they are created.
 */
export class ParsingThread {
  /** 0 before any thread has parsed; then its number, counted from 1. */
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

  /** Records that this thread parses. Returns false if another one has already done so. */
  begin(): boolean {
    const before = Atomics.compareExchange(this.#cell, 0, 0, this.#own)
    return before === 0 || before === this.#own
  }
}
