import { LockManager } from '@cli-ops/shared-ipc'
import { now, toMs, withLockWorkers } from './lock-workers.mjs'

export const title = 'Many processes on one lock'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const count = reporter.quick ? 20 : 200
  reporter.progress(`starting ${count} processes`)
  const { began, granted } = await withLockWorkers(count, async (workers, home) => {
    const locks = new LockManager({ home })
    const lock = await locks.lock('db')
    for (const worker of workers) {
      worker.send('queue', { count: 1 })
      await worker.next('queued')
    }
    const start = now()
    lock.releaseSync()
    const turns = await Promise.all(workers.map((worker) => worker.next('turns')))
    await locks.close()
    return { began: start, granted: turns.flat().map(BigInt) }
  })
  const last = granted.reduce((latest, at) => (at > latest ? at : latest))
  reporter.figure({
    what: `${count} waiting processes, one turn each, until the last is inside`,
    unit: 'ms',
    ours: [toMs(last - began)],
    goals: [{ atMost: 3 * count }],
    note: 'they hold it for no time, and wait before the first turn begins',
  })
  reporter.figure({
    what: 'turns out of the order of arrival',
    unit: '',
    ours: [granted.filter((at, index) => index > 0 && at < (granted[index - 1] ?? 0n)).length],
    goals: [{ atMost: 0 }],
  })
}
