import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { measureEngineLocks } from '../harness/engine-locks.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'Locks on Redis'

const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRedis()
  const client = new Redis(server.port)
  await measureEngineLocks(reporter, {
    url: server.url,
    peer: 'bare ioredis: SET NX PX, then a script',
    bare: async () => {
      const id = randomUUID()
      await client.set('cycle', id, 'PX', 10_000, 'NX')
      await client.eval(RELEASE, 1, 'cycle', id)
    },
  })
  client.disconnect()
  server.stop()
}
