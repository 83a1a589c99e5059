import { randomUUID } from 'node:crypto'
import { EventBus, IPCClient, ServiceRegistry } from '@cli-ops/shared-ipc'
import { connect } from 'amqplib'
import { cuttableWire } from '../harness/cuttable-wire.mjs'
import { overtime } from '../harness/overtime.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startRabbit } from './start-rabbit.mjs'

export const title = 'Calls to a RabbitMQ that does not answer'

const TIMEOUT_MS = 500

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRabbit()
  const faults = {
    suspended: { stage: server.pause, undo: server.resume },
    'cut off': { stage: () => {}, undo: () => {} },
  }
  for (const [name, fault] of Object.entries(faults)) {
    const late = []
    for (let round = 0; round < reporter.times(10); round += 1) {
      const wire = await cuttableWire(server.port)
      const parts = makeParts(`amqp://127.0.0.1:${wire.port}`)
      await Promise.allSettled(parts.calls.map((call) => call()))
      if (name === 'cut off') wire.cut()
      else fault.stage()
      late.push(...(await Promise.all(parts.calls.map((call) => overtime(call, TIMEOUT_MS)))))
      fault.undo()
      wire.close()
      await parts.close()
    }
    reporter.figure({
      what: `time past the deadline of a call, broker ${name}`,
      unit: 'ms',
      ours: late,
      goals: [{ of: 'max', atMost: 250 }],
    })
  }

  const stock = await connect(server.url, { noDelay: true })
  stock.on('error', () => {})
  const channel = await stock.createConfirmChannel()
  channel.on('error', () => {})
  await channel.assertQueue('stock', { durable: false, autoDelete: true })
  server.pause()
  const took = await overtime(async () => {
    channel.sendToQueue('stock', Buffer.from('1'))
    await channel.waitForConfirms()
  }, TIMEOUT_MS)
  server.resume()
  reporter.figure({
    what: 'to compare: a confirm of amqplib as it comes, broker suspended (given up after 4 s)',
    unit: 'ms',
    ours: [took],
  })
  await stock.close().catch(() => undefined)
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
  const events = new EventBus({ ...options, rateLimit: /** @type {const} */ (false) })
  const registry = new ServiceRegistry(options)
  const client = new IPCClient('nobody', options)
  const timeoutMs = TIMEOUT_MS
  const soon = () => AbortSignal.timeout(TIMEOUT_MS)
  /** @type {(() => Promise<unknown>)[]} */
  const calls = [
    () => events.emit('bench:event', 1),
    () => events.once('bench:event', { signal: soon() }),
    () => registry.register('bench'),
    () => registry.discover(),
    () => events.read('*', { from: 'earliest' }),
    () => client.call('echo', 1, { timeoutMs }),
  ]
  const close = () => Promise.allSettled([events, registry, client].map((part) => part.close()))
  return { calls, close }
}
