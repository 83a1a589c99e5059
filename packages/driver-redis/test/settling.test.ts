import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import {
  type ConnectionOptions,
  EventBus,
  IPCClient,
  LockManager,
  ServiceRegistry,
} from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { NetworkProxy } from '../../../test/engines/network-proxy.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

/** Generous: `npm run bench -- redis` measures the real time. */
const LATE_MS = 10_000
const ENGINE_TIMEOUT_MS = 700

describe.runIf(hasRedisServer())('every call settles', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  /** Returns a fresh namespace, over a connection that can be cut. */
  async function place(): Promise<{ options: ConnectionOptions; proxy: NetworkProxy }> {
    const proxy = await NetworkProxy.start({ port: server.port })
    onTestFinished(() => proxy.close())
    const options = {
      url: `redis://127.0.0.1:${proxy.port}`,
      namespace: randomUUID(),
      home: tmpdir(),
      engineTimeoutMs: ENGINE_TIMEOUT_MS,
      leaseMs: 2_000,
      disabled: false,
    }
    return { options, proxy }
  }

  /** Returns one object of each kind, and the calls with the time that each of them has. */
  function everything(options: ConnectionOptions): {
    readonly calls: readonly (readonly [
      name: string,
      limitMs: number,
      call: () => Promise<unknown>,
    ])[]
    readonly close: () => Promise<unknown>
  } {
    const locks = new LockManager(options)
    const events = new EventBus({ ...options, rateLimit: false })
    const registry = new ServiceRegistry(options)
    const client = new IPCClient('nobody', options)
    const soon = (): AbortSignal => AbortSignal.timeout(300)
    return {
      calls: [
        ['acquire', 400, () => locks.acquire('db', () => 1, { timeoutMs: 400 })],
        ['acquire with a signal', 300, () => locks.acquire('b', () => 1, { signal: soon() })],
        ['one try', ENGINE_TIMEOUT_MS, () => locks.lock('c', { timeoutMs: 0 })],
        ['tryLock', ENGINE_TIMEOUT_MS, () => locks.tryLock('d')],
        ['tryLock with a signal', 300, () => locks.tryLock('e', { signal: soon() })],
        ['inspect', ENGINE_TIMEOUT_MS, () => locks.inspect('db')],
        ['list', ENGINE_TIMEOUT_MS, () => locks.list()],
        ['forceRelease', ENGINE_TIMEOUT_MS, () => locks.forceRelease('db', 'x')],
        ['cleanStaleLocks', ENGINE_TIMEOUT_MS, () => locks.cleanStaleLocks()],
        ['emit', ENGINE_TIMEOUT_MS, () => events.emit('a:b', 1)],
        ['emit with a signal', 300, () => events.emit('a:b', 1, { signal: soon() })],
        ['once', 300, () => events.once('a:b', { signal: soon() })],
        ['cleanOldEvents', ENGINE_TIMEOUT_MS, () => events.cleanOldEvents()],
        ['register', ENGINE_TIMEOUT_MS, () => registry.register('cli-alpha')],
        ['discover', ENGINE_TIMEOUT_MS, () => registry.discover()],
        ['discover with a signal', 300, () => registry.discover({}, { signal: soon() })],
        ['cleanDeadProcesses', ENGINE_TIMEOUT_MS, () => registry.cleanDeadProcesses()],
        ['call', 400, () => client.call('a', 1, { timeoutMs: 400 })],
      ],
      close: () =>
        Promise.allSettled([locks, events, registry, client].map((part) => part.close())),
    }
  }

  async function expectToSettle({ calls, close }: ReturnType<typeof everything>): Promise<void> {
    const late = await Promise.all(
      calls.map(async ([name, limitMs, call]) => {
        const began = performance.now()
        await call().catch(() => undefined)
        const tookMs = performance.now() - began
        return tookMs > limitMs + LATE_MS ? [`${name} took ${tookMs} ms`] : []
      }),
    )
    expect(late.flat()).toEqual([])
    await close()
  }

  test('if nothing gets through from the beginning', async () => {
    const { options, proxy } = await place()
    proxy.cut()
    await expectToSettle(everything(options))
  })

  test('if nothing gets through any more', async () => {
    const { options, proxy } = await place()
    const used = everything(options)
    await Promise.allSettled(used.calls.map(([, , call]) => call()))
    proxy.cut()
    await expectToSettle(used)
  })

  test('while the server is suspended', async () => {
    const { options } = await place()
    const used = everything(options)
    await Promise.allSettled(used.calls.map(([, , call]) => call()))
    server.pause()
    try {
      await expectToSettle(used)
    } finally {
      server.resume()
    }
  })

  test('a release while the server is suspended: the lease ends on its own', async () => {
    const { options } = await place()
    const locks = new LockManager(options)
    const lock = await locks.lock('db')
    server.pause()
    try {
      await lock.release()
    } finally {
      server.resume()
    }
    expect(await locks.acquire('db', () => 'next', { timeoutMs: 10_000 })).toBe('next')
    await locks.close()
  })
})
