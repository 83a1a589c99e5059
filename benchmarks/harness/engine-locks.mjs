import { LockManager } from '@cli-ops/shared-ipc'
import { interleave } from './interleave.mjs'
import { temporaryFolder } from './temporary-folder.mjs'

const CYCLES = 50

/**
 * Measures the rows of locks on an engine: a free lock beside the bare client's least equivalent, and the hand-over to
 * a waiter.
 *
 * @param {import('./report.mjs').Reporter} reporter
 * @param {{ url: string, bare: () => Promise<unknown>, peer: string }} engine `bare` takes and releases a lock without
 *   the kit
 */
export async function measureEngineLocks(reporter, { url, bare, peer }) {
  const options = { url, home: temporaryFolder() }
  const locks = new LockManager(options)
  const other = new LockManager(options)

  const kit = async () => {
    const lock = await locks.lock('cycle')
    await lock.release()
  }
  const { ours, theirs } = await interleave(
    { ours: () => each(kit), theirs: () => each(bare) },
    { rounds: reporter.times(100), warmUp: 5 },
  )
  reporter.compare({
    what: 'acquire and release, free lock: queue, owner and token included',
    unit: 'ms',
    ours,
    peer: { name: peer, samples: theirs },
  })

  const handovers = []
  for (let count = 0; count < reporter.times(1000); count += 1) {
    const held = await locks.lock('handover')
    let isWaiting = () => {}
    const queued = new Promise((resolve) => {
      isWaiting = () => resolve(undefined)
    })
    const next = other.lock('handover', { onWait: isWaiting })
    await queued
    // The waiter has to be in the queue and listening, as a real waiter is.
    while ((await locks.inspect('handover'))?.waiters.length !== 1);
    await new Promise((resolve) => setTimeout(resolve, 3))
    const released = performance.now()
    void held.release()
    const lock = await next
    handovers.push(performance.now() - released)
    await lock.release()
  }
  reporter.figure({
    what: 'release → the next waiter has the lock',
    unit: 'ms',
    ours: handovers,
    goals: [{ of: 'p99', atMost: 10 }],
  })
  await Promise.all([locks.close(), other.close()])
}

/** @param {() => Promise<unknown>} work */
async function each(work) {
  const started = performance.now()
  for (let count = 0; count < CYCLES; count += 1) await work()
  return (performance.now() - started) / CYCLES
}
