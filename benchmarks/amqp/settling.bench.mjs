import { connect } from 'amqplib'
import { overtime } from '../harness/overtime.mjs'
import { measureSettling, TIMEOUT_MS } from '../harness/settling.mjs'
import { startRabbit } from './start-rabbit.mjs'

export const title = 'Calls to a RabbitMQ that does not answer'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRabbit()
  await measureSettling(reporter, server, { scheme: 'amqp', noun: 'broker', hasLocks: false })

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
