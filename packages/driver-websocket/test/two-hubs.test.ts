import { createDriver } from '@cli-ops/driver-websocket'
import { createHub, type Hub, hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { testDriver } from '@cli-ops/shared-ipc/testing'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'
import { newRequest, openAt, take } from './drivers.js'
import { HubProcess } from './hub-process.js'

const SECRET = 'secret-of-the-redis-tests'
const keys = [
  { name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] as const },
]
const KEEP = { retention: { retentionMs: 60_000, maxBytes: 2 ** 20 }, durable: false }

describe.runIf(hasRedisServer())('hubs on one Redis', () => {
  let redis: RedisServer
  let hubs: [Hub, Hub]
  beforeAll(async () => {
    vi.stubEnv('CLI_OPS_TOKEN', SECRET)
    redis = await RedisServer.start()
    const options = { keys, store: { url: redis.url }, leaseMs: 2_000 }
    hubs = [await createHub(options), await createHub(options)]
  })
  afterAll(async () => {
    await Promise.all(hubs.map((hub) => hub.close()))
    await redis.stop()
    vi.unstubAllEnvs()
  })

  async function clients(namespace: string) {
    const options = { token: SECRET, leaseMs: 2_000, namespace }
    return [await openAt(hubs[0].url, options), await openAt(hubs[1].url, options)] as const
  }

  test('share locks, and show their holders', async () => {
    const [one, other] = await clients('locks')
    const grant = await take(one.locks, 'db')
    expect(await other.locks.tryAcquire(newRequest('db'))).toBeNull()
    expect((await other.locks.inspect('db'))?.owner).toMatchObject({ pid: process.pid, via: 'ci' })
    const { signal } = new AbortController()
    const waiting = other.locks.acquire(newRequest('db'), { signal })
    await grant.release()
    const next = await waiting
    expect(next.token).toBeGreaterThan(grant.token)
    await Promise.all([one.close(), other.close()])
  })

  test('share events, and a reader continues at the other hub', async () => {
    const [one, other] = await clients('events')
    const event = {
      specversion: '1.0',
      id: '1',
      source: '/x',
      type: 'a:b',
      time: new Date().toISOString(),
      datacontenttype: 'application/json',
      data: 1,
    } as const
    const emit = async (data: number) => {
      const json = JSON.stringify({ ...event, id: String(data), data })
      const [cursor] = await one.events.append([{ event, json }], KEEP)
      return cursor ?? ''
    }
    const cursor = await emit(1)
    await emit(2)
    const reader = other.events.openReader({ from: cursor as never })
    await reader.wait(AbortSignal.timeout(20_000))
    expect(reader.poll()?.events.map(({ data }) => data)).toEqual([2])
    await Promise.all([one.close(), other.close()])
  })

  test('lead requests from a client of one to a service behind the other', async () => {
    const [one, other] = await clients('rpc')
    const limits = { maxMessageBytes: 2 ** 20, maxUnreadBytes: 2 ** 22 }
    const service = { name: 'echo', instance: '0123456789ab' }
    const listener = await one.rpc.listen(
      service,
      (channel) => {
        channel.receive({
          onMessage: (message) => channel.send(message),
          onInvalid: () => undefined,
          onDrain: () => undefined,
          onEnd: () => undefined,
          onClose: () => undefined,
        })
      },
      limits,
    )
    const { endpoint } = listener
    await one.registry.register({
      ...service,
      pid: process.pid,
      startedAt: 0,
      endpoint,
      metadata: {},
    })
    const [found] = await other.registry.discover({ name: 'echo', probe: false })
    const { signal } = new AbortController()
    const channel = await other.rpc.connect(found?.endpoint ?? '', limits, signal)
    const answer = new Promise((resolve) => {
      channel.receive({
        onMessage: resolve,
        onInvalid: () => undefined,
        onDrain: () => undefined,
        onEnd: () => undefined,
        onClose: () => undefined,
      })
    })
    channel.send({ hello: 'there' })
    expect(await answer).toEqual({ hello: 'there' })
    await listener.close()
    await Promise.all([one.close(), other.close()])
  })

  test('a lease is over before the other hub passes the lock on, if the first one was killed', async () => {
    const doomed = await HubProcess.start({ keys, storeUrl: redis.url, leaseMs: 1_500 })
    const link = await doomed.faults.openLink()
    const one = await openAt(link.url, { token: SECRET, leaseMs: 1_500, namespace: 'doomed' })
    const grant = await take(one.locks, 'db')
    link.cut()
    await doomed.kill()
    const [other] = await clients('doomed')
    expect(await other.locks.tryAcquire(newRequest('db'))).toBeNull()
    const { signal } = new AbortController()
    const next = await other.locks.acquire(newRequest('db'), { signal })
    expect(grant.isHeld()).toBe(false)
    expect(next.token).toBeGreaterThan(grant.token)
    await Promise.all([one.close(), other.close(), link.close()])
    await doomed.stop()
  })

  test('GET /health reports that the store is away, and every call settles', async () => {
    const [one, other] = await clients('away')
    redis.pause()
    const response = await fetch(`${hubs[0].url.replace('ws:', 'http:')}/health`)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      status: 'unavailable',
      store: { state: 'unreachable' },
    })
    await expect(one.locks.list()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    redis.resume()
    await vi.waitFor(async () => {
      expect(await one.locks.list()).toEqual([])
    }, 20_000)
    await Promise.all([one.close(), other.close()])
  }, 60_000)

  testDriver(
    { describe, test },
    { name: 'websocket on Redis', createDriver, url: () => hubs[0].url, timeoutMs: 10_000 },
  )
})
