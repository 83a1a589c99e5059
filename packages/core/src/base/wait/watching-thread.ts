import type { Worker } from 'node:worker_threads'

import { blockFor } from './block-for.js'

/** Memory shared by the threads: the number of hints, the last processed list, and its state. */
const HINTS = 0
const LIST = 1
const STATE = 2
const WATCHED = 1
const HINTED = 0
const REFUSED = -1

/**
 * The program of the other thread: watches a list of files, all or none, for one hint. A string, so that a bundler cannot miss a file.
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
 * Watches files for a thread that blocks and cannot do so itself: a second thread watches and wakes it. A hint can be lost, and
 * without a second thread there are none.
 */
export class WatchingThread {
  readonly #onFailure: (error: unknown) => void
  readonly #told = new Int32Array(new SharedArrayBuffer(12))
  #worker: Worker | undefined
  #canStart = true
  #list = 0
  #key = ''

  /** @param onFailure called with the reason if nothing is watched */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** Rises with every hint. Read it before the last check before blocking. */
  get hints(): number {
    return Atomics.load(this.#told, HINTS)
  }

  /**
   * Returns whether the files behind the key are watched, and watches them from now on. The start of the watch counts as a hint, since
   * earlier changes were not reported; so does a refusal.
   */
  watches(key: string, paths: () => readonly string[]): boolean {
    if (key === this.#key) {
      if (Atomics.load(this.#told, LIST) !== this.#list) return false
      const state = Atomics.load(this.#told, STATE)
      // A refused watch is not retried at each check.
      if (state !== HINTED) return state === WATCHED
    }
    this.#key = key
    this.#list += 1
    this.#start()?.postMessage({ list: this.#list, paths: paths() })
    return false
  }

  /** Blocks for this many milliseconds, or until there are more hints than given. */
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
      // The thread inherits neither the host's preloads nor its environment, and is not piped to the host's streams, which would
      // have listeners then.
      const options = {
        eval: true,
        workerData: this.#told,
        execArgv: [],
        env: {},
        stdout: true,
        stderr: true,
      }
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
