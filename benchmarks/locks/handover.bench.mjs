import { setTimeout as delay } from 'node:timers/promises'
import { now, toMs, withLockWorkers } from './lock-workers.mjs'

export const title = 'From one holder to the next'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  reporter.figure({
    what: 'release → next process inside',
    unit: 'ms',
    ours: await handover(reporter),
    goals: [
      { of: 'median', atMost: 2 },
      { of: 'p99', atMost: 20 },
    ],
    note: 'two wait; the one that is next is timed',
  })
  reporter.figure({
    what: 'kill -9 of the holder → next process inside, 8 waiters',
    unit: 'ms',
    ours: await takeover(reporter),
    goals: [
      { of: 'median', atMost: 15 },
      { of: 'p99', atMost: 100 },
    ],
    note: 'each winner is killed in turn',
  })
}

/** @param {import('../harness/report.mjs').Reporter} reporter @returns {Promise<number[]>} */
function handover(reporter) {
  return withLockWorkers(3, async (workers) => {
    /** @type {number[]} */
    const samples = []
    let [holder, next, last] = /** @type {[any, any, any]} */ (workers)
    holder.send('lock')
    await holder.next('granted')
    next.send('lock')
    await next.next('waiting')
    for (let round = 0; round < reporter.times(500); round += 1) {
      reporter.progress(`handover ${round}`)
      last.send('lock')
      await last.next('waiting')
      // A process that has reported its wait arms its watch right after.
      await delay(4)
      holder.send('release')
      const released = BigInt(await holder.next('released'))
      samples.push(toMs(BigInt(await next.next('granted')) - released))
      ;[holder, next, last] = [next, last, holder]
    }
    return samples
  })
}

/** @param {import('../harness/report.mjs').Reporter} reporter */
async function takeover(reporter) {
  /** @type {number[]} */
  const samples = []
  for (let round = 0; round < reporter.times(15); round += 1) {
    reporter.progress(`takeover ${round}`)
    await withLockWorkers(9, async ([holder, ...waiters]) => {
      let dying = /** @type {NonNullable<typeof holder>} */ (holder)
      dying.send('lock')
      await dying.next('granted')
      for (const waiter of waiters) {
        waiter.send('lock')
        await waiter.next('waiting')
      }
      await delay(100)
      for (const waiter of waiters) {
        const killed = now()
        void dying.kill()
        samples.push(toMs(BigInt(await waiter.next('granted')) - killed))
        dying = waiter
      }
    })
  }
  return samples
}
