// The other process of the benchmarks: `far-side.mjs <kit|bare> <url>`. Says "ready", then answers and acknowledges.
import process from 'node:process'
import { createCoordinator } from '@cli-ops/shared-ipc'
import { connect } from 'amqplib'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

const [, , who, url = ''] = process.argv

if (who === 'kit') {
  const ops = createCoordinator({
    name: 'far-side',
    version: '1.0.0',
    url,
    home: temporaryFolder(),
  })
  ops.events.on('bench:event', () => process.send?.('heard'))
  const server = ops.serve()
  server.handle('echo', (value) => value)
  await server.ready
  await ops.events.emit('bench:ready', 1)
} else {
  const connection = await connect(url, { noDelay: who !== 'bare-nagle' })
  const channel = await connection.createChannel()
  await channel.assertExchange('bench', 'fanout')
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, 'bench', '')
  await channel.consume(queue, () => process.send?.('heard'), { noAck: true })
  await channel.assertQueue('echo', { durable: false, autoDelete: true })
  await channel.consume(
    'echo',
    (message) => {
      if (message !== null) channel.publish('', String(message.properties.replyTo), message.content)
    },
    { noAck: true },
  )
}
setTimeout(() => process.send?.('ready'), 500)
process.once('disconnect', () => process.exit())
