import { randomUUID } from 'node:crypto'
import { EventBus, IPCClient, LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'
import { cuttableWire } from './cuttable-wire.mjs'
import { overtime } from './overtime.mjs'
import { temporaryFolder } from './temporary-folder.mjs'

/** How long a call can take. */
export const TIMEOUT_MS = 500

/**
 * Measures how late calls settle when the server is suspended, and when it is cut off.
 *
 * @param {import('./report.mjs').Reporter} reporter
 * @param {{ port: number, pause: () => void, resume: () => void }} server
 * @param {{ scheme: string, noun: string, hasLocks: boolean }} engine
 */
export async function measureSettling(reporter, server, { scheme, noun, hasLocks }) {
  const faults = {
    suspended: { stage: server.pause, undo: server.resume },
    'cut off': { stage: () => {}, undo: () => {} },
  }
  for (const [name, fault] of Object.entries(faults)) {
    const late = []
    for (let round = 0; round < reporter.times(10); round += 1) {
      const wire = await cuttableWire(server.port)
      const parts = makeParts(`${scheme}://127.0.0.1:${wire.port}`, hasLocks)
      await Promise.allSettled(parts.calls.map((call) => call()))
      if (name === 'cut off') wire.cut()
      else fault.stage()
      late.push(...(await Promise.all(parts.calls.map((call) => overtime(call, TIMEOUT_MS)))))
      fault.undo()
      wire.close()
      await parts.close()
    }
    reporter.figure({
      what: `time past the deadline of a call, ${noun} ${name}`,
      unit: 'ms',
      ours: late,
      goals: [{ of: 'max', atMost: 250 }],
    })
  }
}

/** @param {string} url @param {boolean} hasLocks */
function makeParts(url, hasLocks) {
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
  const lockCalls = [
    () => locks.acquire('a', () => 1, { timeoutMs }),
    () => locks.tryLock('b'),
    () => locks.inspect('a'),
    () => locks.list(),
  ]
  const calls = [
    ...(hasLocks ? lockCalls : []),
    () => events.emit('bench:event', 1),
    () => events.once('bench:event', { signal: soon() }),
    () => events.read('*', { from: 'earliest' }),
    () => registry.register('bench'),
    () => registry.discover(),
    () => client.call('echo', 1, { timeoutMs }),
  ]
  const close = () =>
    Promise.allSettled([locks, events, registry, client].map((part) => part.close()))
  return { calls, close }
}
