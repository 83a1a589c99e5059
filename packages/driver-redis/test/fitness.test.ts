import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { createDriver } from '@cli-ops/driver-redis'
import { expect, onTestFinished, test } from 'vitest'

import { sayTo } from '../../../test/engines/redis-replication.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'
import { SteppedClock } from '../../../test/engines/stepped-clock.js'

async function problemsOf(server: RedisServer): Promise<string> {
  const driver = createDriver({
    url: new URL(server.url),
    namespace: randomUUID(),
    home: tmpdir(),
    timeoutMs: 5_000,
    leaseMs: 1_000,
    credentials: () => ({ username: undefined, password: undefined }),
    tls: () => ({}),
  })
  onTestFinished(() => driver.close())
  const { signal } = new AbortController()
  const found = (await driver.findUnfit?.(signal)) ?? []
  for (const { remedy } of found) expect(remedy).not.toBe('')
  return found.map(({ problem }) => problem).join('\n')
}

async function start(options: Parameters<typeof RedisServer.start>[0] = {}): Promise<RedisServer> {
  const server = await RedisServer.start(options)
  onTestFinished(() => server.stop())
  return server
}

test.runIf(hasRedisServer())('a server configured as in the guide is fit', async () => {
  const server = await start()
  expect(await problemsOf(server)).toBe('')
  const kept = (await sayTo(server.port, 'KEYS', '*:holders:*')) as string[]
  expect(kept).toEqual([])
})

test.runIf(hasRedisServer())('names each reason why a server is unfit', async () => {
  const clock = SteppedClock.build()
  clock?.step(-60_000)
  const settings = ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru']
  const server = await start({ isPersistent: false, settings, env: clock?.env ?? {} })
  const problems = await problemsOf(server)
  expect(problems).toContain('maxmemory-policy volatile-lru')
  expect(problems).toContain('no append-only file')
  if (clock !== undefined) expect(problems).toMatch(/clock of the server is \d+(?:\.\d)? s behind/)
  clock?.remove()
})
