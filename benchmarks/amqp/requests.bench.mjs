import { createCoordinator } from '@cli-ops/shared-ipc'
import { connect } from 'amqplib'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startFarSide } from './start-far-side.mjs'
import { startRabbit } from './start-rabbit.mjs'

export const title = 'Requests and registry on RabbitMQ'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRabbit()
  const [kit, bare] = [
    await startFarSide('kit', server.url),
    await startFarSide('bare', server.url),
  ]
  const ops = createCoordinator({ name: 'near-side', url: server.url, home: temporaryFolder() })
  const client = ops.connect('far-side')
  const fast = await bareClient(server.url, { noDelay: true })
  const slow = await bareClient(server.url, { noDelay: false })

  const { ours, theirs } = await interleave(
    { ours: () => timed(() => client.call('echo', 7)), theirs: () => timed(fast.ask) },
    { rounds: reporter.times(1000), warmUp: 20 },
  )
  reporter.compare({
    what: 'sequential round trip: deadline, cancellation, numbered, flow control',
    unit: 'ms',
    ours,
    peer: { name: 'bare amqplib: direct reply-to, noDelay', samples: theirs },
  })
  const nagle = []
  for (let round = 0; round < reporter.times(50); round += 1) nagle.push(await timed(slow.ask))
  reporter.figure({
    what: 'to compare: bare amqplib as it comes, without noDelay on the asking side',
    unit: 'ms',
    ours: nagle,
  })

  const home = temporaryFolder()
  const first = []
  for (let round = 0; round < reporter.times(100); round += 1) {
    const options = {
      name: 'fresh',
      url: server.url,
      home,
      leaseMs: 10_000 + round,
    }
    const fresh = createCoordinator(options)
    first.push(await timed(() => fresh.connect('far-side').call('echo', 7)))
    await fresh.close()
  }
  reporter.figure({
    what: 'first request of a fresh client: connect, discover, open, answer',
    unit: 'ms',
    ours: first,
  })
  const discover = []
  for (let round = 0; round < reporter.times(200); round += 1)
    discover.push(await timed(() => ops.registry.discover()))
  reporter.figure({ what: 'discover, one instance', unit: 'ms', ours: discover })

  kit.stop()
  bare.stop()
  await ops.close()
  await Promise.all([fast.close(), slow.close()])
  server.stop()
}

/** @param {string} url @param {{ noDelay: boolean }} options */
async function bareClient(url, options) {
  const connection = await connect(url, options)
  const channel = await connection.createChannel()
  let answered = () => {}
  await channel.consume('amq.rabbitmq.reply-to', () => answered(), { noAck: true })
  const content = Buffer.from('7')
  return {
    ask: () =>
      new Promise((resolve) => {
        answered = () => resolve(undefined)
        channel.publish('', 'echo', content, { replyTo: 'amq.rabbitmq.reply-to', mandatory: true })
      }),
    close: () => connection.close(),
  }
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const started = performance.now()
  await work()
  return performance.now() - started
}
