import { Redis } from 'ioredis'
import { overtime } from '../harness/overtime.mjs'
import { measureSettling, TIMEOUT_MS } from '../harness/settling.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'Calls to a Redis that does not answer'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startRedis()
  await measureSettling(reporter, server, { scheme: 'redis', noun: 'server', hasLocks: true })

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
