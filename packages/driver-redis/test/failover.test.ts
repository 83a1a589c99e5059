import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { type Coordinator, createCoordinator, EventBus } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { NetworkProxy } from '../../../test/engines/network-proxy.js'
import { RedisPair, RedisSentinel, sayTo } from '../../../test/engines/redis-replication.js'
import { hasRedisServer, RedisServer } from '../../../test/engines/redis-server.js'

const LIMITS = { leaseMs: 3_000, engineTimeoutMs: 2_000 }
const PATIENCE = { timeout: 30_000, interval: 50 }

async function startPair(): Promise<RedisPair> {
  const pair = await RedisPair.start()
  onTestFinished(() => pair.stop())
  return pair
}

function open(url: string, namespace = randomUUID()): Coordinator {
  const ops = createCoordinator({ name: 'daemon', url, namespace, home: tmpdir(), ...LIMITS })
  onTestFinished(() => ops.close())
  return ops
}

/** Does everything once that a process can do on an engine, until it succeeds. */
async function works(ops: Coordinator): Promise<void> {
  await vi.waitFor(async () => {
    await ops.events.emit('went:on', 1)
    await ops.locks.acquire('other', () => undefined, { timeoutMs: 5_000 })
    await ops.registry.discover()
  }, PATIENCE)
}

describe.runIf(hasRedisServer())('a long-lived process', { timeout: 90_000 }, () => {
  test('continues, with its lock, after a demotion that left its connections open', async () => {
    const pair = await startPair()
    const door = await NetworkProxy.start({ port: pair.primary.port })
    onTestFinished(() => door.close())
    const ops = open(`redis://127.0.0.1:${door.port}`)
    const heard: unknown[] = []
    ops.events.on('*', (data) => heard.push(data))
    const lock = await ops.locks.lock('held')
    await ops.events.emit('began:well', 0)
    await pair.promote()
    door.retarget(pair.replica.port)
    await works(ops)
    lock.assertHeld()
    await vi.waitFor(() => expect(heard).toContain(1), PATIENCE)
  })

  test('follows the sentinels to the new primary', async () => {
    const pair = await startPair()
    const sentinel = await RedisSentinel.start(pair.primary)
    onTestFinished(() => sentinel.stop())
    const ops = open(sentinel.url)
    const lock = await ops.locks.lock('held')
    await pair.primary.kill()
    await works(ops)
    await lock.release()
    const next = await ops.locks.lock('held')
    expect(next.token).toBeGreaterThan(lock.token)
  })

  test('uses the next host of its URL if the first one is a replica, or gone', async () => {
    const pair = await startPair()
    const { primary, replica } = pair
    const ops = open(`redis://127.0.0.1:${replica.port},127.0.0.1:${primary.port}`)
    await works(ops)
    await pair.promote({ demote: false })
    await primary.kill()
    await works(ops)
  })

  test('learns of a gap if a promoted replica may lack acknowledged events', async () => {
    const pair = await startPair()
    const namespace = randomUUID()
    const before = open(pair.primary.url, namespace)
    const first = await before.events.emit('task:done', 1)
    const link = await NetworkProxy.start({ port: pair.primary.port })
    onTestFinished(() => link.close())
    await pair.follow(pair.replica, link)
    link.cut()
    await before.events.emit('task:done', 2)
    await pair.primary.kill()
    await pair.promote({ demote: false })
    // Only the old primary has the second event.
    const after = open(pair.replica.url, namespace)
    await after.events.emit('task:done', 3)
    const gaps: unknown[] = []
    const found: unknown[] = []
    const reading = after.events.subscribe('*', {
      from: first.cursor,
      wait: false,
      onGap: (gap) => gaps.push(gap),
    })
    for await (const { data } of reading) found.push(data)
    expect(found).toEqual([3])
    expect(gaps).toHaveLength(1)
  })
})

describe.runIf(hasRedisServer())('durable events', { timeout: 60_000 }, () => {
  async function bus(server: RedisServer): Promise<EventBus> {
    onTestFinished(() => server.stop())
    const made = new EventBus({
      url: server.url,
      namespace: randomUUID(),
      home: tmpdir(),
      ...LIMITS,
    })
    onTestFinished(() => made.close())
    return made
  }

  test('are refused by name, and not stored, if there is no append-only file', async () => {
    const events = await bus(await RedisServer.start({ isPersistent: false }))
    const refused = events.emit('a:b', 1, { durable: true })
    await expect(refused).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    await events.emit('a:b', 2)
    expect((await events.read('*')).map(({ data }) => data)).toEqual([2])
  })

  test('need more than one write a second before Redis 7.2', async () => {
    const server = await RedisServer.start({ settings: ['--appendfsync', 'everysec'] })
    const version = String(await sayTo(server.port, 'INFO', 'server'))
    const events = await bus(server)
    const emitted = events.emit('a:b', 1, { durable: true })
    if (/redis_version:7\.[01]\./u.test(version))
      await expect(emitted).rejects.toThrow(/"appendfsync always", but it is "everysec"/)
    else await emitted
  })

  test('are acknowledged once a replica has them', async () => {
    const pair = await startPair()
    const events = await bus(pair.primary)
    await events.emit('a:b', 1, { durable: true })
    pair.replica.pause()
    await expect(events.emit('a:b', 2, { durable: true })).rejects.toThrow(
      /1 of its replicas did not confirm/,
    )
    pair.replica.resume()
    await events.emit('a:b', 3, { durable: true })
  })
})
