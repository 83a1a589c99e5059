import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { type ConnectionOptions, EventBus, LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import {
  hasPostgres,
  PostgresServer,
  type PostgresServerOptions,
} from '../../../test/engines/postgres-server.js'

const SETTLED = { timeout: 60_000, interval: 50 }

async function startServer(options?: PostgresServerOptions): Promise<PostgresServer> {
  const server = await PostgresServer.start(options)
  onTestFinished(() => server.stop())
  return server
}

function place(url: string, leaseMs = 20_000): ConnectionOptions {
  return {
    url,
    namespace: randomUUID(),
    home: tmpdir(),
    disabled: false,
    leaseMs,
    engineTimeoutMs: 10_000,
  }
}

async function sql(server: PostgresServer, text: string) {
  const client = await server.connect()
  return client.query<Record<string, unknown>>(text).finally(() => client.end())
}

/** Uses locks and events until both work. */
async function works(
  options: ConnectionOptions,
  locks: LockManager,
  events: EventBus,
): Promise<void> {
  await vi.waitFor(() => locks.acquire(randomUUID(), () => 1, { timeoutMs: 8_000 }), SETTLED)
  await vi.waitFor(() => events.emit('a:b', options.namespace), SETTLED)
}

describe.runIf(hasPostgres())('a long-lived process', () => {
  test('keeps its lock, its subscription and its queue position when a backend is terminated', async () => {
    const server = await startServer()
    const options = place(server.url)
    await using locks = new LockManager(options)
    await using others = new LockManager(options)
    await using events = new EventBus(options)
    const heard: unknown[] = []
    const subscription = events.on('a:b', (data) => heard.push(data))
    await subscription.ready
    const lock = await locks.lock('db')
    const next = others.acquire('db', () => 'next')
    await vi.waitFor(
      async () => expect((await locks.inspect('db'))?.waiters).toHaveLength(1),
      SETTLED,
    )
    await sql(
      server,
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cli-ops'`,
    )
    await vi.waitFor(() => events.emit('a:b', 'after'), SETTLED)
    await vi.waitFor(() => expect(heard).toContain('after'), SETTLED)
    expect(() => lock.assertHeld()).not.toThrow()
    await vi.waitFor(() => lock.release(), SETTLED)
    expect(await next).toBe('next')
  })

  test('works again after a restart of the server', async () => {
    const server = await startServer()
    const options = place(server.url)
    await using locks = new LockManager(options)
    await using events = new EventBus(options)
    await works(options, locks, events)
    const lock = await locks.lock('kept')
    await server.kill('SIGINT')
    await server.restart()
    await works(options, locks, events)
    expect((await locks.inspect('kept'))?.id).toBe(lock.id)
    expect(() => lock.assertHeld()).not.toThrow()
  })

  test('recreates a dropped schema: tokens rise, and a lost grant is restored before another owner gets it', async () => {
    const server = await startServer()
    const options = place(server.url)
    await using locks = new LockManager(options)
    await using events = new EventBus(options)
    await works(options, locks, events)
    const before = await locks.acquire('db', ({ token }) => token)
    const kept = await locks.lock('kept')
    await sql(server, 'drop schema cli_ops cascade')
    await using others = new LockManager(options)
    const stolen = await others.tryLock('kept').catch(() => null)
    expect(stolen).toBeNull()
    await vi.waitFor(async () => expect((await others.inspect('kept'))?.id).toBe(kept.id), SETTLED)
    expect(() => kept.assertHeld()).not.toThrow()
    await kept.release()
    await works(options, locks, events)
    expect(await others.acquire('db', ({ token }) => token)).toBeGreaterThan(before)
  })

  test('notices an older dump in the same database: tokens rise, and readers learn of the gap', async () => {
    const server = await startServer()
    const options = place(server.url, 4_000)
    const first = new LockManager(options)
    const bus = new EventBus(options)
    await bus.emit('a:b', 'in the dump')
    await first.acquire('db', () => undefined)
    const dump = server.dump('cli_ops')
    const before = await first.acquire('db', ({ token }) => token)
    const { cursor } = await bus.emit('a:b', 'lost')
    await Promise.all([first.close(), bus.close()])
    server.restore(`drop schema cli_ops cascade; ${dump}`)
    await using locks = new LockManager(options)
    await using events = new EventBus(options)
    await works(options, locks, events)
    expect(await locks.acquire('db', ({ token }) => token)).toBeGreaterThan(before)
    const reader = events.subscribe('a:b', { from: cursor })[Symbol.asyncIterator]()
    await expect(reader.next()).rejects.toMatchObject({ code: 'CURSOR_GAP' })
  })

  test('finds the promoted replica: tokens rise, and a lost grant is restored before another owner gets it', async () => {
    const primary = await startServer()
    const replica = await startServer({ primary })
    const url = `postgres://postgres@127.0.0.1:${replica.port},127.0.0.1:${primary.port}/postgres`
    const options = place(url, 6_000)
    await using locks = new LockManager(options)
    await using others = new LockManager(options)
    await using events = new EventBus(options)
    await using witness = new EventBus(options)
    const heard: unknown[] = []
    const subscription = witness.on('a:b', (data) => heard.push(data))
    await subscription.ready
    const before = await locks.acquire('db', ({ token }) => token)
    await events.emit('a:b', 'kept')
    await replica.caughtUp(primary)
    await replica.detach()
    const lost = await locks.lock('taken')
    await events.emit('a:b', 'lost')
    await vi.waitFor(() => expect(heard).toEqual(['kept', 'lost']), SETTLED)
    await primary.kill()
    await replica.promote()
    // Another process requests the lock, which the new primary has never seen.
    const stolen = await others.tryLock('taken').catch(() => null)
    expect(stolen).toBeNull()
    await works(options, locks, events)
    await vi.waitFor(async () => expect((await others.inspect('taken'))?.id).toBe(lost.id), SETTLED)
    expect(() => lost.assertHeld()).not.toThrow()
    await lost.release()
    const after = await others.acquire('db', ({ token }) => token)
    expect(after).toBeGreaterThan(before)
    expect(await others.acquire('taken', ({ token }) => token)).toBeGreaterThan(lost.token)
    await vi.waitFor(() => expect(heard.at(-1)).toBe(options.namespace), SETTLED)
    await using late = new EventBus(options)
    const missed: unknown[] = []
    const reader = late.on('a:b', (data) => missed.push(data), { from: 'earliest' })
    await vi.waitFor(() => expect(missed.at(-1)).toBe(options.namespace), SETTLED)
    reader.unsubscribe()
    expect(missed[0]).toBe('kept')
    expect(missed).not.toContain('lost')
  })

  test('refuses a replica by name', async () => {
    const primary = await startServer()
    const replica = await startServer({ primary })
    await using locks = new LockManager(place(replica.url))
    await expect(locks.list()).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('read-only replica') as unknown,
    })
  })
})

describe.runIf(hasPostgres())('a server clock that is set forward', () => {
  test('takes no lock from an owner that is connected', async () => {
    const server = await startServer()
    const options = place(server.url, 3_000)
    await using locks = new LockManager(options)
    await using others = new LockManager({ ...options, leaseMs: 3_001 })
    const lock = await locks.lock('held')
    const jump = `update cli_ops.claim set ends = ends - interval '1 minute'`
    for (let round = 0; round < 5; round += 1) {
      await sql(server, jump)
      expect(await others.tryLock('held')).toBeNull()
      await vi.waitFor(async () => {
        const { rows } = await sql(
          server,
          `select ends > clock_timestamp() as renewed from cli_ops.claim where resource = 'held'`,
        )
        expect(rows[0]?.['renewed']).toBe(true)
      }, SETTLED)
      expect(() => lock.assertHeld()).not.toThrow()
    }
  })
})
