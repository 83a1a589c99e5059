import { hashAccessKey } from '@cli-ops/driver-websocket/hub'
import { LockManager } from '@cli-ops/shared-ipc'
import { type LockGrant, randomId } from '@cli-ops/shared-ipc/driver'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'
import { newRequest, openAt, take } from './drivers.js'
import { HubProcess } from './hub-process.js'
import { RawClient } from './raw-client.js'

const SECRET = 'secret-of-the-session-tests'
const keys = [
  { name: 'ci', hash: hashAccessKey(SECRET), scopes: ['read', 'emit', 'lock', 'call'] as const },
]
const LEASE_MS = 12_000
const KEEP = { retentionMs: 60_000, maxBytes: 2 ** 20 }
const LIMITS = { maxMessageBytes: 2 ** 20, maxUnreadBytes: 2 ** 22 }
const { signal } = new AbortController()

const STORES = [
  { name: 'a home', hasRedis: false, isThere: true },
  { name: 'Redis', hasRedis: true, isThere: hasRedisServer() },
]

describe.each(STORES.filter(({ isThere }) => isThere))(
  'a session at a hub that stores everything in $name',
  ({ hasRedis }) => {
    let hub: HubProcess
    let redis: RedisServer | undefined
    const closers: (() => Promise<unknown>)[] = []
    beforeAll(async () => {
      vi.stubEnv('CLI_OPS_TOKEN', SECRET)
      redis = hasRedis ? await RedisServer.start() : undefined
      hub = await HubProcess.start({
        keys,
        leaseMs: LEASE_MS,
        ...(redis !== undefined && { storeUrl: redis.url }),
      })
    })
    afterEach(async () => {
      for (const close of closers.splice(0)) await close()
    })
    afterAll(async () => {
      await hub.stop()
      await redis?.stop()
      vi.unstubAllEnvs()
    })

    async function client(url = hub.url) {
      const driver = await openAt(url, { token: SECRET, leaseMs: LEASE_MS })
      closers.push(() => driver.close())
      return driver
    }

    async function cuttable() {
      const link = await hub.faults.openLink()
      closers.push(() => link.close())
      return { link, driver: await client(link.url) }
    }

    /** Checks that it has been renewed since the fault, and never reported as lost. */
    async function isRenewedAfter(
      grants: readonly (LockGrant | null)[],
      fault: () => unknown,
    ): Promise<void> {
      let lost = 0
      for (const grant of grants) grant?.onLost(() => (lost += 1))
      await fault()
      const endOf = (grant: LockGrant | null) => Date.now() + (grant?.remainingMs ?? 0)
      const ends = grants.map(endOf)
      await vi.waitFor(
        () => {
          for (const [index, grant] of grants.entries())
            expect(endOf(grant)).toBeGreaterThan((ends[index] ?? 0) + LEASE_MS / 10)
        },
        { timeout: LEASE_MS * 2, interval: 50 },
      )
      expect(lost).toBe(0)
    }

    test('keeps its lock when its connection is reset', async () => {
      const db = randomId()
      const { link, driver } = await cuttable()
      const grant = await take(driver.locks, db)
      await isRenewedAfter([grant], () => link.reset())
      const other = await client()
      expect((await other.locks.inspect(db))?.token).toBe(grant.token)
      expect(await other.locks.tryAcquire(newRequest(db))).toBeNull()
      await grant.release()
      expect((await take(other.locks, db)).token).toBeGreaterThan(grant.token)
    })

    test.each(['SIGKILL', 'SIGTERM'] as const)(
      'keeps its lock, exclusive or shared, when the hub is ended by %s and restarted',
      async (how) => {
        const [db, both] = [randomId(), randomId()]
        const one = await client()
        const grant = await take(one.locks, db)
        const shared = await one.locks.tryAcquire({ ...newRequest(both), mode: 'shared' })
        await isRenewedAfter([grant, shared], async () => {
          await hub.kill(how)
          await hub.restart()
        })
        const other = await client()
        expect((await other.locks.inspect(db))?.token).toBe(grant.token)
        expect(await other.locks.tryAcquire(newRequest(db))).toBeNull()
        expect(await other.locks.tryAcquire(newRequest(both))).toBeNull()
        await grant.release()
        await shared?.release()
        await take(other.locks, db)
        await take(other.locks, both)
      },
      60_000,
    )

    test('keeps its queue position across both', async () => {
      const db = randomId()
      const holder = await take((await client()).locks, db)
      const order: string[] = []
      const wait = async (name: string, { locks }: Awaited<ReturnType<typeof client>>) => {
        const queued = new Promise<void>((resolve) => {
          void locks
            .acquire(newRequest(db), { signal, onWait: () => resolve() })
            .then(async (grant) => {
              order.push(name)
              await grant.release()
            })
        })
        await queued
      }
      const { link, driver } = await cuttable()
      await wait('first', driver)
      for (const name of ['second', 'third', 'fourth']) await wait(name, await client())
      link.reset()
      await hub.kill()
      await hub.restart()
      await vi.waitFor(
        async () => {
          const info = await (await client()).locks.inspect(db)
          expect(info?.waiting).toHaveLength(4)
        },
        { timeout: 20_000, interval: 100 },
      )
      await holder.release()
      await vi.waitFor(() => expect(order).toHaveLength(4), { timeout: 20_000 })
      expect(order).toEqual(['first', 'second', 'third', 'fourth'])
    }, 60_000)

    test('has its service found and called while it reconnects', async () => {
      const { link, driver } = await cuttable()
      const service = { name: 'echo', instance: randomId() }
      const listener = await driver.rpc.listen(
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
        LIMITS,
      )
      const { endpoint } = listener
      const facts = { pid: 1, startedAt: 0, metadata: {}, endpoint }
      await driver.registry.register({ ...service, ...facts })
      const other = await client()
      link.reset()
      const [found] = await other.registry.discover({ name: 'echo', probe: false })
      expect(found?.instance).toBe(service.instance)
      // A channel begun before the hub noticed the disconnection has ended with the connection.
      const ask = async (): Promise<unknown> => {
        const channel = await other.rpc.connect(endpoint, LIMITS, signal)
        return new Promise((resolve, reject) => {
          channel.receive({
            onMessage: resolve,
            onInvalid: reject,
            onDrain: () => undefined,
            onEnd: () => reject(new Error('it ended')),
            onClose: () => reject(new Error('it was closed')),
          })
          channel.send('still there?')
        })
      }
      await vi.waitFor(async () => expect(await ask()).toBe('still there?'), { timeout: 20_000 })
      await listener.close()
    })

    test('gives its state to no other client', async () => {
      const db = randomId()
      const owner = { name: 'raw', pid: 7, host: 'elsewhere', user: 'dev', startedAt: 0 }
      const one = await RawClient.enter(hub.url, SECRET)
      const { token, proof } = (await one.call('locks.acquire', {
        resource: db,
        id: 'mine-1',
        held: [],
        owner,
      })) as { token: string; proof: string }
      const renewal = { resource: db, id: 'mine-1', mode: 'exclusive', token, proof }
      const other = await RawClient.enter(hub.url, SECRET)
      expect(await other.call('locks.renew', renewal)).toBe(0)
      await hub.kill()
      await hub.restart()
      // Not even if the hub knows nothing of it any more.
      const stranger = await RawClient.enter(hub.url, SECRET)
      expect(await stranger.call('locks.renew', renewal)).toBe(0)
      const back = await RawClient.enter(hub.url, SECRET, '', one.session)
      expect(await back.call('locks.renew', { ...renewal, proof: 'none' })).toBe(0)
      expect(await back.call('locks.renew', { ...renewal, token: '1' })).toBe(0)
      expect(await back.call('locks.renew', renewal)).toBeGreaterThan(0)
      await back.call('locks.release', renewal)
      for (const { socket } of [other, stranger, back]) socket.terminate()
    })

    test('does a repeated request once', async () => {
      const type = `count:${randomId()}`
      const event = { specversion: '1.0', id: '1', source: '/x', type, data: 1 }
      const whole = {
        ...event,
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
      }
      const params = { request: 1, events: [whole], retention: KEEP, durable: false }
      const one = await RawClient.enter(hub.url, SECRET)
      const first = await one.call('events.append', params)
      one.socket.terminate()
      await one.closed
      const back = await RawClient.enter(hub.url, SECRET, '', one.session)
      expect(back.session?.resumed).toBe(true)
      expect(await back.call('events.append', params)).toEqual(first)
      expect(await back.call('events.append', { ...params, request: 2 })).not.toEqual(first)
      back.socket.terminate()
    })

    test('is refused with a wrong secret, and starts over after its end', async () => {
      const one = await RawClient.enter(hub.url, SECRET)
      const { id = '', secret = '' } = one.session ?? {}
      const wrong = { id, secret: secret.replace(/^./u, (c) => (c === 'A' ? 'B' : 'A')) }
      await expect(RawClient.enter(hub.url, SECRET, '', wrong)).rejects.toThrow(/session/u)
      // One namespace's secret is not valid for another.
      await expect(RawClient.enter(hub.url, SECRET, 'other', one.session)).rejects.toThrow(
        /session/u,
      )
      one.socket.close()
      await one.closed
      const back = await RawClient.enter(hub.url, SECRET, '', one.session)
      expect(back.session?.resumed).toBe(false)
      back.socket.terminate()
    })

    test('leaves to others after one lease what no client has resumed', async () => {
      const db = randomId()
      const one = await RawClient.enter(hub.url, SECRET)
      const owner = { name: 'raw', pid: 7, host: 'elsewhere', user: 'dev', startedAt: 0 }
      await one.call('locks.acquire', { resource: db, id: randomId(), held: [], owner })
      await hub.kill()
      await hub.restart()
      const { locks } = await client()
      expect(await locks.tryAcquire(newRequest(db))).toBeNull()
      const next = await locks.acquire(newRequest(db), { signal })
      expect(next.isHeld()).toBe(true)
    }, 60_000)
  },
)

describe('the sessions of a hub', () => {
  test('are bounded, including those of disconnected clients', async () => {
    const { createHub } = await import('@cli-ops/driver-websocket/hub')
    const { mkdtempSync, rmSync } = await import('node:fs')
    const { tmpdir } = await import('node:os')
    const home = mkdtempSync(`${tmpdir()}/cli-ops-hub-`)
    const hub = await createHub({ keys, store: { home }, maxSessions: 2 })
    const one = await RawClient.enter(hub.url, SECRET)
    const two = await RawClient.enter(hub.url, SECRET)
    one.socket.terminate()
    await one.closed
    await expect(RawClient.enter(hub.url, SECRET)).rejects.toThrow(/2 sessions/u)
    const back = await RawClient.enter(hub.url, SECRET, '', one.session)
    back.socket.close()
    two.socket.close()
    await Promise.all([back.closed, two.closed])
    const again = await RawClient.enter(hub.url, SECRET)
    again.socket.close()
    await hub.close()
    rmSync(home, { recursive: true, force: true })
  })

  test('show a program beside the hub who holds a lock, across a restart of the hub', async () => {
    vi.stubEnv('CLI_OPS_TOKEN', SECRET)
    const hub = await HubProcess.start({ keys, leaseMs: LEASE_MS })
    const driver = await openAt(hub.url, { token: SECRET, leaseMs: LEASE_MS })
    const grant = await take(driver.locks, 'db')
    await hub.restart()
    const locks = new LockManager({ home: hub.home, url: 'local:', disabled: false })
    expect(await locks.inspect('db')).toMatchObject({
      id: grant.id,
      token: grant.token,
      owner: { pid: process.pid, via: 'ci' },
    })
    expect(await locks.tryLock('db')).toBeNull()
    await driver.close()
    const lock = await locks.lock('db')
    expect(lock.token).toBeGreaterThan(grant.token)
    await lock.release()
    await locks.close()
    await hub.stop()
    vi.unstubAllEnvs()
  })
})
