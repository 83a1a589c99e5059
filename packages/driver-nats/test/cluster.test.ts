import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { type ConnectionOptions, EventBus, LockManager } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { NatsCluster } from '../../../test/engines/nats-cluster.js'
import { hasNats } from '../../../test/engines/nats-server.js'

const SETTLED = { timeout: 60_000, interval: 50 }

describe.runIf(hasNats())('a cluster of three', () => {
  let cluster: NatsCluster
  beforeAll(async () => {
    cluster = await NatsCluster.start()
  })
  afterAll(() => cluster.stop())

  function place(): ConnectionOptions {
    return {
      url: cluster.url,
      namespace: randomUUID(),
      home: tmpdir(),
      disabled: false,
      leaseMs: 10_000,
      engineTimeoutMs: 5_000,
    }
  }

  test('keeps three copies, and so accepts durable events', async () => {
    await using events = new EventBus({ ...place(), durable: true })
    const { cursor } = await events.emit('a:b', 'kept')
    expect(cursor).toMatch(/^\d+-1$/u)
    const [server] = cluster.servers
    const { config } = (await server?.ask('STREAM.INFO.cli_ops_leases')) ?? {}
    expect(config).toMatchObject({ num_replicas: 3, storage: 'file' })
  })

  test('keeps locks, token order and events when the server that leads them is killed', async () => {
    const options = place()
    await using locks = new LockManager(options)
    await using others = new LockManager(options)
    await using events = new EventBus({ ...options, durable: true })
    const heard: unknown[] = []
    const subscription = events.on('a:b', (data) => heard.push(data))
    await subscription.ready
    const before = await locks.acquire('spent', ({ token }) => token)
    const lock = await locks.lock('held')
    await events.emit('a:b', 1)
    const leader = await cluster.leaderOf('cli_ops_leases')
    await leader.kill()
    expect(await others.tryLock('held').catch(() => null)).toBeNull()
    await vi.waitFor(() => events.emit('a:b', 2), SETTLED)
    await vi.waitFor(() => expect(heard).toEqual(expect.arrayContaining([1, 2])), SETTLED)
    const after = await vi.waitFor(() => others.acquire('spent', ({ token }) => token), SETTLED)
    expect(after).toBeGreaterThan(before)
    expect(() => lock.assertHeld()).not.toThrow()
    await vi.waitFor(() => lock.release(), SETTLED)
    expect(await others.acquire('held', ({ token }) => token)).toBeGreaterThan(lock.token)
    await leader.restart()
  })
})
