import { setImmediate as nextTurn } from 'node:timers/promises'

import { createHub, type Hub, hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { EventBus, IPCClient, IPCServer, ServiceRegistry } from '@cli-ops/shared-ipc'
import { randomId } from '@cli-ops/shared-ipc/driver'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'
import { newRequest, openAt, take } from './drivers.js'
import { HubProcess } from './hub-process.js'
import { RawClient } from './raw-client.js'

const SECRET = 'secret-of-the-graceful-tests'
const keys = [
  { name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] as const },
]
const LEASE_MS = 12_000
const CLOSING = -32003
const { signal } = new AbortController()

const STORES = [
  { name: 'a home', hasRedis: false, isThere: true },
  { name: 'Redis', hasRedis: true, isThere: hasRedisServer() },
]

describe.each(STORES.filter(({ isThere }) => isThere))(
  'a hub that is stopped with a signal and stores everything in $name',
  ({ hasRedis }) => {
    let hub: HubProcess
    let redis: RedisServer | undefined
    const closers: (() => Promise<unknown>)[] = []
    const options = () => ({
      keys,
      leaseMs: LEASE_MS,
      ...(redis !== undefined && { storeUrl: redis.url }),
    })
    beforeAll(async () => {
      vi.stubEnv('CLI_OPS_TOKEN', SECRET)
      redis = hasRedis ? await RedisServer.start() : undefined
      hub = await HubProcess.start(options())
    })
    afterEach(async () => {
      for (const close of closers.splice(0).reverse()) await close()
    })
    afterAll(async () => {
      await hub.stop()
      await redis?.stop()
      vi.unstubAllEnvs()
    })

    async function client() {
      const driver = await openAt(hub.url, { token: SECRET, leaseMs: LEASE_MS })
      closers.push(() => driver.close())
      return driver
    }

    const connection = () => ({ url: hub.url, home: hub.home, disabled: false as const })

    /**
     * Waits in a queue, and records when it was served. Resolves after the first `onWait`, to a function that returns
     * the number of calls.
     */
    async function wait(resource: string, name: string, served: string[]): Promise<() => number> {
      const { locks } = await client()
      let told = 0
      await new Promise<void>((resolve) => {
        const onWait = (): void => {
          told += 1
          resolve()
        }
        const waiting = locks.acquire(newRequest(resource), { signal, onWait })
        void Promise.resolve(waiting).then(async (grant) => {
          served.push(name)
          await grant.release()
        })
      })
      return () => told
    }

    test('keeps its waiters’ queue positions', async () => {
      const db = randomId()
      const one = await client()
      const holder = await take(one.locks, db)
      // Withdrawing something before the hub ends gives the hub time to withdraw more than it should.
      const facts = { pid: 1, startedAt: 0, endpoint: undefined, metadata: {} }
      await one.registry.register({ name: 'any', instance: randomId(), ...facts })
      const served: string[] = []
      const names = ['first', 'second', 'third', 'fourth', 'fifth']
      const waiters: (() => number)[] = []
      for (const name of names) waiters.push(await wait(db, name, served))
      await hub.kill('SIGTERM')
      // Its last messages may still have to be read.
      await nextTurn()
      const before = waiters.map((told) => told())
      await hub.restart()
      // All of them are in the queue again.
      await vi.waitFor(
        () => {
          for (const [index, told] of waiters.entries())
            expect(told()).toBeGreaterThan(before[index] ?? 0)
        },
        { timeout: 20_000, interval: 20 },
      )
      await holder.release()
      await vi.waitFor(() => expect(served).toHaveLength(5), { timeout: 20_000 })
      expect(served).toEqual(names)
    }, 60_000)

    test('fails no call that arrives meanwhile', async () => {
      const bus = new EventBus({ ...connection(), rateLimit: false })
      closers.push(() => bus.close())
      const stored: unknown[] = []
      const seen: unknown[] = []
      await bus.on('count:up', (n) => seen.push(n)).ready
      let isOver = false
      const writers = [0, 1, 2, 3].map(async (writer) => {
        for (let n = writer; !isOver; n += 4) {
          await bus.emit('count:up', n)
          stored.push(n)
        }
      })
      for (let restarts = 0; restarts < 2; restarts += 1) {
        const before = stored.length
        await vi.waitFor(() => expect(stored.length).toBeGreaterThan(before + 20), 20_000)
        await hub.kill('SIGTERM')
        await hub.restart()
      }
      isOver = true
      await Promise.all(writers)
      await vi.waitFor(() => expect(seen).toHaveLength(stored.length), 20_000)
      expect(new Set(seen)).toEqual(new Set(stored))
    }, 60_000)

    test('lets a request to a service be answered first', async () => {
      const server = new IPCServer('slow', connection())
      let answer: (value: string) => void = () => undefined
      const begun = new Promise<void>((resolve) => {
        server.handle('ask', () => {
          resolve()
          return new Promise((done) => (answer = done))
        })
      })
      await server.ready
      const asking = new IPCClient('slow', connection())
      const registry = new ServiceRegistry(connection())
      closers.push(
        () => server.close(),
        () => asking.close(),
        () => registry.close(),
      )
      const answered = asking.call('ask', {})
      await begun
      const looker = await RawClient.enter(hub.url, SECRET)
      const stopped = hub.kill('SIGTERM')
      // By now the client has learned of the end, and so has the hub's own side of the channel.
      await looker.closed
      answer('done')
      expect(await answered).toBe('done')
      await stopped
      await hub.restart()
      await vi.waitFor(async () => {
        const again = asking.call('ask', {}, { timeoutMs: 2_000 })
        setTimeout(() => answer('again'), 100)
        expect(await again).toBe('again')
      }, 20_000)
    }, 60_000)

    test('hands its port and its clients over to the waiting next hub', async () => {
      const db = randomId()
      const one = await client()
      const grant = await take(one.locks, db)
      let isLost = false
      grant.onLost(() => (isLost = true))
      const served: string[] = []
      for (const name of ['first', 'second']) await wait(db, name, served)
      let successor: Promise<Hub> | undefined
      await new Promise<void>((resolve, reject) => {
        successor = createHub({
          keys,
          leaseMs: LEASE_MS,
          port: hub.port,
          takeoverMs: 60_000,
          store: { url: redis?.url ?? 'local:', home: hub.home },
          onLog: (line) => {
            if (line.startsWith('waiting for')) resolve()
          },
        })
        successor.catch(reject)
      })
      await hub.kill('SIGTERM')
      const next = await successor
      closers.push(async () => next?.close())
      expect(next?.url).toBe(hub.url.replace(/\/$/u, ''))
      const { locks } = await client()
      await vi.waitFor(async () => expect((await locks.inspect(db))?.waiting).toHaveLength(2), {
        timeout: 20_000,
        interval: 50,
      })
      expect((await locks.inspect(db))?.id).toBe(grant.id)
      const before = grant.remainingMs ?? 0
      await vi.waitFor(() => expect(grant.remainingMs).toBeGreaterThan(before), {
        timeout: LEASE_MS,
        interval: 20,
      })
      expect(isLost).toBe(false)
      await grant.release()
      await vi.waitFor(() => expect(served).toEqual(['first', 'second']), 20_000)
      await next?.close()
      await hub.restart()
    }, 60_000)
  },
)

describe.runIf(hasRedisServer())('a hub that is stopped while its store does not answer', () => {
  let redis: RedisServer
  let hub: HubProcess
  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterAll(async () => {
    await redis.stop()
  })
  afterEach(async () => {
    redis.resume()
    await hub.stop()
  })

  const type = 'a:b'
  const event = { specversion: '1.0', id: '1', source: '/x', type, time: new Date().toISOString() }
  const append = {
    events: [{ ...event, datacontenttype: 'application/json', data: 1 }],
    retention: { retentionMs: null, maxBytes: null },
    durable: false,
  }

  test('answers in-flight requests, refuses others, and ends with 1012', async () => {
    hub = await HubProcess.start({ keys, storeUrl: redis.url, leaseMs: 60_000 })
    const raw = await RawClient.enter(hub.url, SECRET)
    await raw.call('events.append', append)
    redis.pause()
    const answer = raw.request('events.append', append)
    const closing = vi.waitFor(
      () => expect(raw.notifications.map(({ method }) => method)).toContain('$/closing'),
      20_000,
    )
    const stopped = hub.kill('SIGTERM')
    await closing
    expect((await raw.request('events.append', append)).error?.code).toBe(CLOSING)
    redis.resume()
    expect((await answer).result).toHaveLength(1)
    expect((await raw.closed).code).toBe(1012)
    await stopped
  }, 60_000)

  test('ends all the same', async () => {
    hub = await HubProcess.start({ keys, storeUrl: redis.url, leaseMs: 2_000 })
    const raw = await RawClient.enter(hub.url, SECRET)
    await raw.call('events.append', append)
    redis.pause()
    void raw.request('events.append', append)
    const stopped = hub.kill('SIGTERM')
    expect((await raw.closed).code).toBe(1012)
    await stopped
  }, 60_000)
})
