import { EventBus } from '@cli-ops/shared-ipc'
import { Redis } from 'ioredis'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'Events on Redis'

const BURST = 2_000

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRedis()
  const options = {
    url: server.url,
    home: temporaryFolder(),
    rateLimit: /** @type {const} */ (false),
  }
  const [writer, reader] = [new EventBus(options), new EventBus(options)]
  const [publisher, subscriber] = [new Redis(server.port), new Redis(server.port)]

  let heard = () => {}
  const subscription = reader.on('bench:event', () => heard())
  await subscription.ready
  await subscriber.subscribe('bench')
  subscriber.on('message', () => heard())

  /** @param {() => Promise<unknown>} send */
  const latency = async (send) => {
    const arrived = new Promise((resolve) => {
      heard = () => resolve(undefined)
    })
    const started = performance.now()
    void send()
    await arrived
    return performance.now() - started
  }
  const data = { id: '1', title: 'Write' }
  const { ours, theirs } = await interleave(
    {
      ours: () => latency(() => writer.emit('bench:event', data)),
      theirs: () => latency(() => publisher.publish('bench', JSON.stringify(data))),
    },
    { rounds: reporter.times(1000), warmUp: 20 },
  )
  reporter.compare({
    what: 'emit → handler: kept, numbered, with a cursor',
    unit: 'ms',
    ours,
    peer: { name: 'bare ioredis: pub/sub, kept nowhere', samples: theirs },
  })

  /** @param {() => Promise<unknown>} send */
  const rate = async (send) => {
    let left = BURST
    const arrived = new Promise((resolve) => {
      heard = () => {
        left -= 1
        if (left === 0) resolve(undefined)
      }
    })
    const started = performance.now()
    for (let count = 0; count < BURST; count += 1) void send()
    await arrived
    return BURST / ((performance.now() - started) / 1000)
  }
  const burst = await interleave(
    {
      ours: () => rate(() => writer.emit('bench:event', data)),
      theirs: () => rate(() => publisher.publish('bench', JSON.stringify(data))),
    },
    { rounds: reporter.times(20), warmUp: 2 },
  )
  reporter.compare({
    what: `${BURST} at once, from emit to handler`,
    unit: 'events/s',
    ours: burst.ours,
    peer: { name: 'bare ioredis: pub/sub', samples: burst.theirs },
  })
  await Promise.all([writer.close(), reader.close()])
  publisher.disconnect()
  subscriber.disconnect()
  server.stop()
}
