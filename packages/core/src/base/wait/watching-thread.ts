import type { Worker } from 'node:worker_threads'

import { blockFor } from './block-for.js'

/** Where the threads tell each other: how often there was a hint, which list was dealt with last, and how that stands. */
const HINTS = 0
const LIST = 1
const STATE = 2
const WATCHED = 1
const HINTED = 0
const REFUSED = -1

/**
 * What the other thread does: watches a list of files, all or none, for one hint. A text, so that a bundler has no file to leave
 * behind.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
const { watch } = require('node:fs')
let watchers = []
const stop = () => {
  for (const watcher of watchers) watcher.close()
  watchers = []
}
const tell = (state) => {
  Atomics.store(workerData, ${STATE}, state)
  Atomics.add(workerData, ${HINTS}, 1)
  Atomics.notify(workerData, ${HINTS})
}
const hear = () => {
  stop()
  tell(${HINTED})
}
parentPort.on('message', ({ list, paths }) => {
  stop()
  let state = ${WATCHED}
  try {
    for (const path of paths) {
      const watcher = watch(path, hear)
      watchers.push(watcher)
      watcher.on('error', hear)
    }
  } catch {
    stop()
    state = ${REFUSED}
  }
  Atomics.store(workerData, ${LIST}, list)
  tell(state)
})`

/**
 * Watches files for a thread that blocks and so hears of nothing itself: a second thread does, and wakes it. A hint may be lost, and
 * none comes where there can be no second thread.
 */
export class WatchingThread {
  readonly #onFailure: (error: unknown) => void
  readonly #told = new Int32Array(new SharedArrayBuffer(12))
  #worker: Worker | undefined
  #canStart = true
  #list = 0
  #key = ''

  /** @param onFailure told why nothing is watched */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** Rises with every hint. Whoever is about to block notes it before it looks. */
  get hints(): number {
    return Atomics.load(this.#told, HINTS)
  }

  /**
   * Tells whether what the key stands for is watched, and has it watched from now on. The moment from which it is counts as a hint,
   * since what happened before is told by nobody, and so does a refusal.
   */
  watches(key: string, paths: () => readonly string[]): boolean {
    if (key === this.#key) {
      if (Atomics.load(this.#told, LIST) !== this.#list) return false
      const state = Atomics.load(this.#told, STATE)
      // What was refused is not tried at each look.
      if (state !== HINTED) return state === WATCHED
    }
    this.#key = key
    this.#list += 1
    this.#start()?.postMessage({ list: this.#list, paths: paths() })
    return false
  }

  /** Blocks for so many milliseconds, or until there are more hints than these. */
  block(ms: number, hints: number): void {
    if (this.#worker === undefined) blockFor(ms)
    else Atomics.wait(this.#told, HINTS, hints, ms)
  }

  close(): void {
    this.#canStart = false
    void this.#worker?.terminate()
    this.#worker = undefined
  }

  #start(): Worker | undefined {
    if (!this.#canStart) return this.#worker
    this.#canStart = false
    try {
      const { Worker: Thread } = process.getBuiltinModule('node:worker_threads')
      // Nothing of the host's goes along, neither what it preloads nor its environment.
      const options = { eval: true, workerData: this.#told, execArgv: [], env: {} }
      this.#worker = new Thread(PROGRAM, options)
      this.#worker.on('error', this.#onFailure)
      this.#worker.unref()
    } catch (error) {
      // Not permitted, for example.
      this.#onFailure(error)
    }
    return this.#worker
  }
}
