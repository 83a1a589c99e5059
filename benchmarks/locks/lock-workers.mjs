import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

const SCRIPT = fileURLToPath(new URL('lock-worker.mjs', import.meta.url))
const FOLDER = temporaryFolder()
/** Starting more at a time only slows them all down. */
const STARTING = 4

let homes = 0

/** A separate process that runs `lock-worker.mjs`. */
class LockWorker {
  #child
  /** @type {Record<string, unknown>[]} */
  #seen = []

  /** @param {string} home */
  constructor(home) {
    this.#child = fork(SCRIPT, [home])
    this.#child.setMaxListeners(0)
    this.#child.on('message', (message) =>
      this.#seen.push(/** @type {Record<string, unknown>} */ (message)),
    )
  }

  /** @param {string} task @param {object} [input] */
  send(task, input = {}) {
    this.#child.send({ task, ...input })
  }

  /**
   * Waits for the next message with this member, including one that has already arrived.
   *
   * @param {string} member @returns {Promise<any>}
   */
  async next(member) {
    for (;;) {
      const index = this.#seen.findIndex((message) => member in message)
      if (index >= 0) return this.#seen.splice(index, 1)[0]?.[member]
      await once(this.#child, 'message')
    }
  }

  /** Kills it, as `kill -9` does. */
  async kill() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/**
 * Starts that many processes that share a home, and ends them after use.
 *
 * @template T
 * @param {number} count @param {(workers: LockWorker[], home: string) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withLockWorkers(count, use) {
  homes += 1
  const home = join(FOLDER, `home-${homes}`)
  /** @type {LockWorker[]} */
  const workers = []
  try {
    while (workers.length < count) {
      const missing = Math.min(STARTING, count - workers.length)
      const started = Array.from({ length: missing }, () => new LockWorker(home))
      workers.push(...started)
      await Promise.all(started.map((worker) => worker.next('ready')))
    }
    return await use(workers, home)
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    rmSync(home, { recursive: true, force: true })
  }
}

/** The clock that all processes of a machine share, in nanoseconds. */
export const now = () => process.hrtime.bigint()

/** @param {bigint} ns */
export const toMs = (ns) => Number(ns) / 1e6
