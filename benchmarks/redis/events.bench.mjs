import { Redis } from 'ioredis'
import { measureEngineEvents } from '../harness/engine-events.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'Events on Redis'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRedis()
  const [publisher, subscriber] = [new Redis(server.port), new Redis(server.port)]
  await measureEngineEvents(reporter, {
    url: server.url,
    peer: 'bare ioredis: pub/sub',
    publish: (text) => publisher.publish('bench', text),
    listen: (heard) => {
      subscriber.on('message', heard)
      return subscriber.subscribe('bench')
    },
  })
  publisher.disconnect()
  subscriber.disconnect()
  server.stop()
}
