import { setTimeout as sleep } from 'node:timers/promises'
import { LockManager } from '@cli-ops/shared-ipc'
import { now, toMs, withLockWorkers } from './lock-workers.mjs'

export const title = 'Many processes on one lock'

/** V8 collects the whole heap of an idle process once, 8 s after its start: that counts as part of the start. */
const SETTLE_MS = 10_000

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const count = reporter.quick ? 20 : 200
  const settled = await drain(reporter, count, SETTLE_MS)
  reporter.figure({
    what: `${count} waiting processes, one turn each, until the last is inside`,
    unit: 'ms',
    ours: [settled.totalMs],
    goals: [{ atMost: 3 * count }],
    note: 'they hold it for no time, and have been waiting for 10 s when the first turn begins',
  })
  const starting = await drain(reporter, count, 0)
  reporter.figure({
    what: 'the same while many of them still collect the garbage of their start',
    unit: 'ms',
    ours: [starting.totalMs],
    note: 'the first turn begins as soon as the last of them waits',
  })
  reporter.figure({
    what: 'turns out of the order of arrival',
    unit: '',
    ours: [settled.outOfOrder + starting.outOfOrder],
    goals: [{ atMost: 0 }],
  })
}

/**
 * Lets processes wait for a lock, then gives it to them.
 *
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {number} count of the processes
 * @param {number} settleMs from the last ticket to the first turn
 */
async function drain(reporter, count, settleMs) {
  reporter.progress(`starting ${count} processes`)
  return withLockWorkers(count, async (workers, home) => {
    const locks = new LockManager({ home })
    const lock = await locks.lock('db')
    for (const worker of workers) {
      worker.send('queue', { count: 1 })
      await worker.next('queued')
    }
    await sleep(settleMs)
    const start = now()
    lock.releaseSync()
    const turns = await Promise.all(workers.map((worker) => worker.next('turns')))
    await locks.close()
    const granted = turns.flat().map(BigInt)
    const last = granted.reduce((latest, at) => (at > latest ? at : latest))
    return {
      totalMs: toMs(last - start),
      outOfOrder: granted.filter((at, index) => index > 0 && at < (granted[index - 1] ?? 0n))
        .length,
    }
  })
}
