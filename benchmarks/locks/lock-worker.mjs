// A process that takes and releases locks on request; its answers carry the clock that all processes share.
import process from 'node:process'
import { LockManager } from '@cli-ops/shared-ipc'

const [home] = process.argv.slice(2)
const locks = new LockManager({ home })
const now = () => process.hrtime.bigint()
/** Node's timers fire up to a millisecond late. @param {number} ms */
const work = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
const tell = (/** @type {object} */ message) => process.send?.(message)

/** @typedef {{ count: number, until: string, workMs: number }} TaskInput */

/** @type {import('@cli-ops/shared-ipc').Lock | undefined} */
let held

/** @type {Record<string, (input: TaskInput) => Promise<void>>} */
const tasks = {
  /** Takes the lock and keeps it. */
  async lock() {
    let told = false
    const onWait = () => {
      if (!told) tell({ waiting: true })
      told = true
    }
    held = await locks.lock('db', { onWait })
    tell({ granted: String(now()) })
  },
  /** Waits that many times in parallel, and releases each grant immediately. */
  async queue({ count }) {
    const turns = Array.from({ length: count }, async () => {
      const lock = await locks.lock('db')
      const granted = String(now())
      lock.releaseSync()
      return granted
    })
    // Their tickets are written within the calls.
    await new Promise((resolve) => setImmediate(resolve))
    tell({ queued: true })
    tell({ turns: await Promise.all(turns) })
  },
  async release() {
    const at = now()
    held?.releaseSync()
    tell({ released: String(at) })
  },
  /** Takes turns of 2 ms until an instant. The ticket is written within the call, so between its begin and its end. */
  async contend({ until }) {
    /** @type {{ callBegan: string, callEnded: string, entered: string }[]} */
    const turns = []
    while (now() < BigInt(until)) {
      const callBegan = String(now())
      let entered = ''
      const turn = locks.acquire('db', () => {
        entered = String(now())
        return new Promise((resolve) => setTimeout(resolve, 2))
      })
      const callEnded = String(now())
      await turn
      turns.push({ callBegan, callEnded, entered })
    }
    tell({ contended: turns })
  },
  /** Takes turns until an instant, each with that much work, and reports when each began and ended. */
  async fight({ until, workMs }) {
    /** @type {[string, string][]} */
    const turns = []
    while (now() < BigInt(until)) {
      const lock = await locks.lock('db')
      const entered = String(now())
      if (workMs > 0) work(workMs)
      const left = String(now())
      lock.releaseSync()
      turns.push([entered, left])
    }
    tell({ fought: turns })
  },
}

process.on('message', (/** @type {TaskInput & { task: string }} */ input) => {
  void tasks[input.task]?.(input)
})
tell({ ready: true })
