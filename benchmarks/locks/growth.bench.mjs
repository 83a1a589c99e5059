import { setTimeout as delay } from 'node:timers/promises'
import { LockManager } from '@cli-ops/shared-ipc'
import { now, toMs, withLockWorkers } from './lock-workers.mjs'

export const title = 'How a turn grows with the waiters'

const WAITERS = [1, 2, 5, 10, 20, 50, 100, 200, 500]
const PROCESSES = 8

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  /** @type {[number, number][]} */
  const points = []
  const rounds = reporter.quick ? 1 : 3
  for (const waiters of WAITERS) {
    /** @type {number[]} */
    const samples = []
    for (let round = 0; round < rounds; round += 1) {
      reporter.progress(`${waiters} waiters`)
      samples.push(await millisecondsEach(waiters))
    }
    const median = samples.sort((one, other) => one - other)[Math.floor(rounds / 2)] ?? NaN
    points.push([waiters, median])
    if (waiters === 1 || waiters === 500)
      reporter.figure({ what: `a turn with ${waiters} waiting`, unit: 'ms', ours: samples })
  }
  reporter.plot({
    name: 'waiters',
    title: 'Release to release, by the number of waiters',
    x: { label: 'waiters, in up to 8 processes', log: true },
    y: { label: 'ms a turn' },
    series: [{ name: 'a turn of no length', points }],
  })
  reporter.note(
    'A turn wakes the next waiter and those near it. Each of them lists the tickets, so a turn is linear in the waiters, with a small factor; those further back look at one file now and then.',
  )
}

/** @param {number} waiters */
function millisecondsEach(waiters) {
  return withLockWorkers(Math.min(PROCESSES, waiters), async (workers, home) => {
    const locks = new LockManager({ home })
    const lock = await locks.lock('db')
    for (const [index, worker] of workers.entries()) {
      const count = Math.ceil((waiters - index) / workers.length)
      worker.send('queue', { count })
      await worker.next('queued')
    }
    await delay(50)
    const began = now()
    lock.releaseSync()
    const turns = (await Promise.all(workers.map((worker) => worker.next('turns')))).flat()
    await locks.close()
    const last = turns.map(BigInt).reduce((latest, at) => (at > latest ? at : latest))
    return toMs(last - began) / waiters
  })
}
