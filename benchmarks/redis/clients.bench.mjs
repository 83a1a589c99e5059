import { execFile } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { interleave } from '../harness/interleave.mjs'
import { startRedis } from './start-redis.mjs'

export const title = 'Client libraries for Redis'

const runFile = promisify(execFile)
const TIMEOUT_MS = 500
const GIVEN_UP_MS = 4_000

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  /** @param {string} name */
  const load = (name) => async () => {
    const code = `const before = process.cpuUsage(); await import('${name}')
      const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000)`
    const { stdout } = await runFile(process.execPath, ['--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
    })
    return Number(stdout)
  }
  const { ioredis, other } = await interleave(
    { ioredis: load('ioredis'), other: load('@redis/client') },
    { rounds: reporter.times(30) },
  )
  reporter.compare({
    what: 'importing ioredis',
    unit: 'ms of CPU',
    ours: ioredis,
    peer: { name: '@redis/client', samples: other },
  })

  const server = await startRedis()
  const one = new Redis(server.port, {
    commandTimeout: TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  })
  one.on('error', () => {})
  await new Promise((resolve) => one.once('ready', () => resolve(undefined)))
  const two = createClient({
    url: server.url,
    disableOfflineQueue: true,
    commandOptions: { timeout: TIMEOUT_MS },
  })
  two.on('error', () => {})
  await two.connect()
  server.pause()
  reporter.figure({
    what: `ioredis with a limit of ${TIMEOUT_MS} ms, server suspended: a GET settles after`,
    unit: 'ms',
    ours: [await settles(() => one.get('a'))],
  })
  reporter.figure({
    what: `@redis/client with a limit of ${TIMEOUT_MS} ms, server suspended (given up after 4 s)`,
    unit: 'ms',
    ours: [await settles(() => two.get('a'))],
  })
  server.resume()
  one.disconnect()
  two.destroy()
  server.stop()
}

/** @param {() => Promise<unknown>} call */
async function settles(call) {
  const started = performance.now()
  await Promise.race([
    call().catch(() => undefined),
    new Promise((resolve) => setTimeout(resolve, GIVEN_UP_MS)),
  ])
  return performance.now() - started
}
