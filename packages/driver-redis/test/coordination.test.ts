import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import {
  type ConnectionOptions,
  EventBus,
  IPCClient,
  IPCServer,
  LockManager,
} from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

describe.runIf(hasRedisServer())('over an engine that is opened on demand', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())

  const place = (): ConnectionOptions => ({
    url: server.url,
    namespace: randomUUID(),
    home: tmpdir(),
    disabled: false,
  })

  function closedAfter<Part extends { close(): Promise<void> }>(part: Part): Part {
    onTestFinished(() => part.close())
    return part
  }

  describe('locks', () => {
    test('are taken by the first call', async () => {
      const options = place()
      const locks = closedAfter(new LockManager(options))
      const lock = await locks.tryLock('db')
      expect(lock).not.toBeNull()
      expect(await closedAfter(new LockManager(options)).tryLock('db')).toBeNull()
      const other = closedAfter(new LockManager(options))
      await expect(other.lock('db', { timeoutMs: 0 })).rejects.toMatchObject({ code: 'LOCK_HELD' })
      await lock!.release()
      expect(await other.acquire('db', () => 'free again')).toBe('free again')
    })

    test('are neither taken nor released synchronously', async () => {
      const locks = closedAfter(new LockManager(place()))
      const refusal = expect.objectContaining({ code: 'UNSUPPORTED' }) as unknown
      expect(() => locks.tryLockSync('db')).toThrow(refusal)
      const lock = await locks.lock('db')
      expect(() => locks.tryLockSync('other')).toThrow(refusal)
      expect(() => lock.releaseSync()).toThrow(refusal)
      expect(await locks.isLocked('db')).toBe(true)
    })

    test('requested in the name of another process belong to the one that renews them', async () => {
      const locks = closedAfter(new LockManager(place()))
      const lock = await locks.tryLock('db', { ownerPid: process.ppid })
      expect(lock).not.toBeNull()
      expect((await locks.inspect('db'))?.owner.pid).toBe(process.pid)
    })

    test('of an unreachable engine are refused with its error', async () => {
      const locks = closedAfter(
        new LockManager({ ...place(), url: 'redis://127.0.0.1:1', engineTimeoutMs: 500 }),
      )
      await expect(locks.lock('db', { timeoutMs: 20_000 })).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
      })
    })

    test('granted at the moment the caller gives up are free', async () => {
      const options = place()
      const locks = closedAfter(new LockManager(options))
      const abort = new AbortController()
      const taken = locks.tryLock('db', { signal: abort.signal })
      abort.abort()
      await expect(taken).rejects.toMatchObject({ name: 'AbortError' })
      expect(await locks.acquire('db', () => 'free', { timeoutMs: 5_000 })).toBe('free')
    })
  })

  describe('events', () => {
    test('are stored by the first emit, and not synchronously', async () => {
      const options = place()
      const bus = closedAfter(new EventBus({ ...options, rateLimit: false }))
      expect(() => bus.emitSync('note:made', 0)).toThrow('needs the local driver')
      await Promise.all([1, 2, 3].map((data) => bus.emit('note:made', data)))
      const reader = closedAfter(new EventBus(options))
      const kept = await reader.read('note:*')
      expect(kept.map(({ data }) => data)).toEqual([1, 2, 3])
      const { signal } = new AbortController()
      const behind = await reader.read('note:*', { from: kept[1]!.cursor, signal })
      expect(behind.map(({ data }) => data)).toEqual([3])
      expect(() => bus.emitSync('note:made', 4)).toThrow('needs the local driver')
    })

    test('are cleaned up by a bus that has done nothing before', async () => {
      const bus = closedAfter(new EventBus(place()))
      expect(await bus.cleanOldEvents()).toBe(0)
    })

    test('are read until an abort', async () => {
      const bus = closedAfter(new EventBus(place()))
      await bus.emit('note:made', 1)
      const abort = new AbortController()
      const reading = bus.read('*', { signal: abort.signal })
      setImmediate(() => abort.abort(new Error('enough')))
      await expect(reading).rejects.toThrow('enough')
    })

    test('in the log can be pulled without waiting for more', async () => {
      const bus = closedAfter(new EventBus({ ...place(), rateLimit: false }))
      for (const data of [1, 2]) await bus.emit('note:made', data)
      const pulled: unknown[] = []
      for await (const { data } of bus.subscribe('*', { from: 'earliest', wait: false }))
        pulled.push(data)
      expect(pulled).toEqual([1, 2])
    })

    test('of a group continue where it ended', async () => {
      const options = { ...place(), rateLimit: false as const }
      const bus = closedAfter(new EventBus(options))
      const pull = { from: 'earliest', group: 'mail', wait: false } as const
      await bus.emit('note:made', 1)
      const first: unknown[] = []
      for await (const { data } of bus.subscribe('*', pull)) first.push(data)
      await bus.emit('note:made', 2)
      const second: unknown[] = []
      for await (const { data } of closedAfter(new EventBus(options)).subscribe('*', pull))
        second.push(data)
      expect([first, second]).toEqual([[1], [2]])
    })

    test('do not reach a subscriber that left before the engine was open', async () => {
      const options = place()
      const bus = closedAfter(new EventBus(options))
      const heard: unknown[] = []
      bus.on('*', (data) => heard.push(data)).unsubscribe()
      const after = bus.once('*')
      await bus.emit('note:made', 1)
      await after
      expect(heard).toEqual([])
    })

    test('cannot be received from an unreachable engine, which is reported once', async () => {
      const bus = closedAfter(
        new EventBus({ ...place(), url: 'redis://127.0.0.1:1', engineTimeoutMs: 300 }),
      )
      const next = bus.once('*')
      await expect(next).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    })
  })

  describe('requests', () => {
    test('are answered', async () => {
      const options = place()
      const alpha = closedAfter(new IPCServer('cli-alpha', options))
      alpha.handle('echo', (data) => data)
      await alpha.ready
      const client = closedAfter(new IPCClient('cli-alpha', options))
      expect(await client.call('echo', 'fine')).toBe('fine')
    })

    test('to a server that ended before it could begin get no answer', async () => {
      const options = place()
      const alpha = new IPCServer('cli-alpha', options)
      const ready = alpha.ready.catch(codeOf)
      await alpha.close()
      expect(await ready).toBe('CLOSED')
      const client = closedAfter(new IPCClient('cli-alpha', options))
      await expect(client.call('echo', 1, { waitMs: 0 })).rejects.toMatchObject({
        code: 'NO_RESPONDER',
      })
    })
  })
})

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}
