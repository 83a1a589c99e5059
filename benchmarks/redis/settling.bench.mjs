import { randomUUID } from 'node:crypto'
import { EventBus, IPCClient, LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'
import { Redis } from 'ioredis'
import { cuttableWire } from '../harness/cuttable-wire.mjs'
import { overtime } from '../harness/overtime.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'Calls to a Redis that does not answer'

const TIMEOUT_MS = 500

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRedis()
  const faults = {
    suspended: { stage: server.pause, undo: server.resume },
    'cut off': { stage: () => {}, undo: () => {} },
  }
  for (const [name, fault] of Object.entries(faults)) {
    const late = []
    for (let round = 0; round < reporter.times(10); round += 1) {
      const wire = await cuttableWire(server.port)
      const parts = makeParts(`redis://127.0.0.1:${wire.port}`)
      await Promise.allSettled(parts.calls.map((call) => call()))
      if (name === 'cut off') wire.cut()
      else fault.stage()
      late.push(...(await Promise.all(parts.calls.map((call) => overtime(call, TIMEOUT_MS)))))
      fault.undo()
      wire.close()
      await parts.close()
    }
    reporter.figure({
      what: `time past the deadline of a call, server ${name}`,
      unit: 'ms',
      ours: late,
      goals: [{ of: 'max', atMost: 250 }],
    })
  }

  const stock = new Redis(server.port)
  stock.on('error', () => {})
  await stock.ping()
  server.pause()
  const took = await overtime(() => stock.get('a'), TIMEOUT_MS)
  server.resume()
  reporter.figure({
    what: 'to compare: a GET of ioredis as it comes, server suspended (given up after 4 s)',
    unit: 'ms',
    ours: [took],
  })
  stock.disconnect()
  server.stop()
}

/** @param {string} url */
function makeParts(url) {
  const options = {
    url,
    namespace: randomUUID(),
    home: temporaryFolder(),
    engineTimeoutMs: TIMEOUT_MS,
    leaseMs: 5_000,
  }
  const locks = new LockManager(options)
  const events = new EventBus({ ...options, rateLimit: /** @type {const} */ (false) })
  const registry = new ServiceRegistry(options)
  const client = new IPCClient('nobody', options)
  const timeoutMs = TIMEOUT_MS
  const soon = () => AbortSignal.timeout(TIMEOUT_MS)
  /** @type {(() => Promise<unknown>)[]} */
  const calls = [
    () => locks.acquire('a', () => 1, { timeoutMs }),
    () => locks.tryLock('b'),
    () => locks.inspect('a'),
    () => locks.list(),
    () => events.emit('bench:event', 1),
    () => events.once('bench:event', { signal: soon() }),
    () => registry.register('bench'),
    () => registry.discover(),
    () => client.call('echo', 1, { timeoutMs }),
  ]
  const close = () =>
    Promise.allSettled([locks, events, registry, client].map((part) => part.close()))
  return { calls, close }
}
