import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { LockManager } from '@cli-ops/shared-ipc'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

const LEASE_MS = 1_500

describe.runIf(hasRedisServer())('a server that has lost its grants', () => {
  let server: RedisServer
  let client: Redis
  beforeAll(async () => {
    server = await RedisServer.start()
    client = new Redis(server.port)
  })
  afterAll(async () => {
    client.disconnect()
    await server.stop()
  })

  function managers() {
    const namespace = randomUUID()
    const options = { url: server.url, namespace, home: tmpdir(), leaseMs: LEASE_MS }
    const made = [new LockManager(options), new LockManager(options)] as const
    onTestFinished(async () => {
      await Promise.all(made.map((locks) => locks.close()))
    })
    return { namespace, one: made[0], other: made[1] }
  }

  const faults: readonly (readonly [string, (namespace: string) => Promise<unknown>])[] = [
    ['FLUSHALL', () => client.flushall()],
    [
      'an eviction of what is known of one resource',
      (namespace) => client.del(`{cli-ops:${namespace}}:lock:holders:db`),
    ],
    [
      'an eviction of what is known of all',
      (namespace) => client.del(`{cli-ops:${namespace}}:lock:space`),
    ],
    [
      'an eviction of the set of resources',
      (namespace) => client.del(`{cli-ops:${namespace}}:lock:resources`),
    ],
  ]
  test.each(faults)(
    'by %s gives the lock to no other process while its owner lives',
    async (_, stage) => {
      const { namespace, one, other } = managers()
      const lock = await one.lock('db')
      await stage(namespace)
      await expect(other.lock('db', { timeoutMs: 2 * LEASE_MS })).rejects.toMatchObject({
        code: 'LOCK_TIMEOUT',
      })
      lock.assertHeld()
      await lock.release()
      const next = await other.lock('db')
      expect(next.token).toBeGreaterThan(lock.token)
    },
  )

  test('refuses a try with the reason and the time, instead of reporting a lock as free', async () => {
    const { one, other } = managers()
    await one.lock('db')
    await client.flushall()
    await expect(other.tryLock('db')).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      details: { resource: 'db', retryAfterMs: expect.any(Number) as number },
    })
  })

  test('grants the lock to a waiter of which only the queue position is left', async () => {
    const { namespace, one, other } = managers()
    const lock = await one.lock('db')
    const waiting = other.lock('db')
    const key = (name: string): string => `{cli-ops:${namespace}}:lock:${name}:db`
    await expect.poll(() => client.zcard(key('queue'))).toBe(1)
    await client.del(key('info'))
    await lock.release()
    await (await waiting).release()
  })

  test('leaves nothing behind that does not expire', async () => {
    const { namespace, one, other } = managers()
    const lock = await one.lock('db')
    const waiting = other.lock('db', { timeoutMs: 50 }).catch(() => undefined)
    await waiting
    const keys = await client.keys(`{cli-ops:${namespace}}:*`)
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect([key, await client.pttl(key)]).not.toEqual([key, -1])
    await lock.release()
  })
})
