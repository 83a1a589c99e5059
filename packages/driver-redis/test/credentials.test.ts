import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

import { createCoordinator, LockManager } from '@cli-ops/shared-ipc'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

const PASSWORD = 'p/w:secret'
/** The rights that `docs/guides/redis.md` requires. */
const RIGHTS =
  '~{cli-ops:* &{cli-ops:* +@read +@write +@pubsub +@scripting +@connection +info +time'

describe.runIf(hasRedisServer())('a server that requires credentials', () => {
  let server: RedisServer
  let directory: string
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cli-ops-'))
    writeFileSync(join(directory, 'password'), `${PASSWORD}\n`)
    const users = join(directory, 'users.acl')
    writeFileSync(users, `user default off\nuser team on >${PASSWORD} ${RIGHTS}\n`)
    server = await RedisServer.start({ settings: ['--aclfile', users] })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(directory, { recursive: true })
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  /** Uses all four primitives. */
  async function useEverything(url: string): Promise<void> {
    const ops = createCoordinator({ name: 'cli-alpha', url, home: directory, disabled: false })
    try {
      const lock = await ops.locks.lock('db')
      expect(await ops.locks.list()).toHaveLength(1)
      await lock.release()
      const heard = ops.events.once('a:b', { from: 'earliest' })
      await ops.events.emit('a:b', 1)
      expect((await heard).data).toBe(1)
      ops.serve().handle('echo', (value) => value)
      expect(await ops.connect('cli-alpha').call('echo', 7)).toBe(7)
    } finally {
      await ops.close()
    }
  }

  test('accepts them from the URL', async () => {
    const url = new URL(server.url)
    url.username = 'team'
    url.password = encodeURIComponent(PASSWORD)
    await useEverything(url.href)
  })

  test('accepts them from the environment and a file', async () => {
    vi.stubEnv('CLI_OPS_REDIS_USERNAME', 'team')
    vi.stubEnv('CLI_OPS_REDIS_PASSWORD_FILE', join(directory, 'password'))
    await useEverything(server.url)
  })

  test('refuses a wrong password with an error without it', async () => {
    vi.stubEnv('CLI_OPS_REDIS_USERNAME', 'team')
    vi.stubEnv('CLI_OPS_REDIS_PASSWORD', 'wrong:secret')
    const error: unknown = await useEverything(server.url).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'FORBIDDEN' })
    const shown = inspect(error, { depth: Infinity, showHidden: true })
    expect(shown).toContain('WRONGPASS')
    expect(shown).not.toContain('secret')
  })
})

test.runIf(hasRedisServer())(
  'names a password that is set while a process is running',
  async () => {
    const server = await RedisServer.start()
    onTestFinished(() => server.stop())
    const options = { url: server.url, home: tmpdir(), disabled: false, leaseMs: 1_500 }
    await using locks = new LockManager(options)
    const lock = await locks.lock('db')
    const admin = new Redis(server.port)
    await admin.config('SET', 'requirepass', PASSWORD)
    // Open connections must authenticate as well.
    for (const type of ['normal', 'pubsub'])
      await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
    await vi.waitFor(
      () =>
        expect(locks.tryLock('other')).rejects.toMatchObject({
          code: 'FORBIDDEN',
          message: expect.stringContaining('CLI_OPS_REDIS_PASSWORD') as unknown,
        }),
      10_000,
    )
    await vi.waitFor(() => expect(lock.signal.aborted).toBe(true), 10_000)
    await admin.config('SET', 'requirepass', '')
    admin.disconnect()
    await vi.waitFor(() => locks.acquire('db', () => undefined), 10_000)
  },
)
