import { EventBus } from '@cli-ops/shared-ipc'
import { connect } from 'amqplib'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startFarSide } from './start-far-side.mjs'
import { startRabbit } from './start-rabbit.mjs'

export const title = 'Events on RabbitMQ'

const BURST = 1_000

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRabbit()
  const options = {
    url: server.url,
    home: temporaryFolder(),
    rateLimit: /** @type {const} */ (false),
  }
  const events = new EventBus(options)
  const connection = await connect(server.url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue('stream', { durable: true, arguments: { 'x-queue-type': 'stream' } })
  const data = { id: '1', title: 'Write' }
  const content = Buffer.from(JSON.stringify(data))
  const toStream = () =>
    new Promise((resolve, reject) => {
      channel.publish('', 'stream', content, { persistent: true }, (error) =>
        error ? reject(error) : resolve(undefined),
      )
    })
  const emit = () => events.emit('bench:event', data)

  const confirmed = await interleave(
    { ours: () => timed(emit), theirs: () => timed(toStream) },
    { rounds: reporter.times(1000), warmUp: 20 },
  )
  reporter.compare({
    what: 'emit: confirmed and read back, so that its cursor is known',
    unit: 'ms',
    ours: confirmed.ours,
    peer: { name: 'bare amqplib: publish to a stream with a confirm', samples: confirmed.theirs },
  })
  const burst = await interleave(
    { ours: () => rate(emit), theirs: () => rate(toStream) },
    { rounds: reporter.times(20), warmUp: 2 },
  )
  reporter.compare({
    what: `${BURST} at once, until all are confirmed`,
    unit: 'events/s',
    ours: burst.ours,
    peer: { name: 'bare amqplib', samples: burst.theirs },
  })

  const [kit, bare] = [
    await startFarSide('kit', server.url),
    await startFarSide('bare', server.url),
  ]
  const publish = () => channel.publish('bench', '', content)
  const heard = await interleave(
    { ours: () => until(kit.heard, emit), theirs: () => until(bare.heard, publish) },
    { rounds: reporter.times(1000), warmUp: 20 },
  )
  reporter.compare({
    what: 'emit → handler in another process → word of it here',
    unit: 'ms',
    ours: heard.ours,
    peer: { name: 'bare amqplib: fanout exchange, kept nowhere', samples: heard.theirs },
  })
  kit.stop()
  bare.stop()
  await events.close()
  await connection.close()
  server.stop()
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** @param {() => Promise<unknown>} send */
async function rate(send) {
  const started = performance.now()
  await Promise.all(Array.from({ length: BURST }, send))
  return BURST / ((performance.now() - started) / 1000)
}

/** @param {() => Promise<void>} heard @param {() => unknown} send */
async function until(heard, send) {
  const started = performance.now()
  const arrived = heard()
  void send()
  await arrived
  return performance.now() - started
}
