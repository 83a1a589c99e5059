import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('hold-lock.mjs', import.meta.url))

/** A separate process that holds a lock. */
export class Holder {
  /** @type {import('node:child_process').ChildProcessWithoutNullStreams} */
  #child

  /** @param {import('node:child_process').ChildProcessWithoutNullStreams} child */
  constructor(child) {
    this.#child = child
  }

  get pid() {
    return this.#child.pid ?? 0
  }

  /**
   * Resolves when the lock is held.
   *
   * @param {string} home
   * @param {string} resource
   */
  static async start(home, resource) {
    const child = spawn(process.execPath, [PROGRAM, home, resource])
    child.stderr.pipe(process.stderr)
    const ended = once(child, 'close').then(() => {
      throw new Error('the holder ended before it held the lock')
    })
    await Promise.race([once(child.stdout, 'data'), ended])
    ended.catch(() => undefined)
    return new Holder(child)
  }

  async release() {
    if (this.#child.exitCode !== null) return
    const closed = once(this.#child, 'close')
    this.#child.stdin.end()
    await closed
  }
}
