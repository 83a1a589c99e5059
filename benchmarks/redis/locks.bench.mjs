import { randomUUID } from 'node:crypto'
import { LockManager } from '@cli-ops/shared-ipc'
import { Redis } from 'ioredis'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'Locks on Redis'

const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`
const CYCLES = 50

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRedis()
  const options = { url: server.url, home: temporaryFolder() }
  const locks = new LockManager(options)
  const other = new LockManager(options)
  const bare = new Redis(server.port)

  const kit = async () => {
    const lock = await locks.lock('cycle')
    await lock.release()
  }
  const plain = async () => {
    const id = randomUUID()
    await bare.set('cycle', id, 'PX', 10_000, 'NX')
    await bare.eval(RELEASE, 1, 'cycle', id)
  }
  const { ours, theirs } = await interleave(
    { ours: () => each(kit), theirs: () => each(plain) },
    { rounds: reporter.times(100), warmUp: 5 },
  )
  reporter.compare({
    what: 'acquire and release, free lock: queue, owner and token included',
    unit: 'ms',
    ours,
    peer: { name: 'bare ioredis: SET NX PX, then a script', samples: theirs },
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
    // The waiter has to be in the queue and listening, as one that waits for real is.
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
  bare.disconnect()
  server.stop()
}

/** @param {() => Promise<void>} work */
async function each(work) {
  const started = performance.now()
  for (let count = 0; count < CYCLES; count += 1) await work()
  return (performance.now() - started) / CYCLES
}
