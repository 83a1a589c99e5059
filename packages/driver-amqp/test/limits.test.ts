import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'

import { createCoordinator, EventBus } from '@cli-ops/shared-ipc'
import { connect } from 'amqplib'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { hasRabbitServer, RabbitServer } from '../../../test/engines/rabbitmq-server.js'

const SETTLED = { timeout: 60_000, interval: 50 }

describe.runIf(hasRabbitServer())('a broker with limits', () => {
  let server: RabbitServer
  beforeAll(async () => {
    server = await RabbitServer.start()
  })
  afterAll(() => server.stop())

  /** Creates a virtual host with limits, and returns its URL. */
  async function makeHost(limits: object = {}): Promise<string> {
    const vhost = randomUUID()
    await server.control('add_vhost', vhost)
    await server.control('set_permissions', '-p', vhost, 'guest', '.*', '.*', '.*')
    await server.control('set_vhost_limits', '-p', vhost, JSON.stringify(limits))
    return `${server.url}/${vhost}`
  }

  async function emitAt(url: string, namespace: string = randomUUID()): Promise<unknown> {
    await using bus = new EventBus({ url, namespace, home: tmpdir(), disabled: false })
    return await bus.emit('a:b', 1).catch((error: unknown) => error)
  }

  test.each([
    ['connections', { 'max-connections': 0 }, /max-connections/],
    ['queues', { 'max-queues': 0 }, /queue limit in vhost .*; raise max-queues/],
  ])('names its limit on %s', async (_, limits, message) => {
    expect(await emitAt(await makeHost(limits))).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(message) as unknown,
    })
  })

  test('names its limit on channels', async () => {
    const user = randomUUID()
    await server.control('add_user', user, 'secret')
    await server.control('set_permissions', user, '.*', '.*', '.*')
    await server.control('set_user_limits', user, '{"max-channels":1}')
    const url = server.url.replace('//', `//${user}:secret@`)
    const options = { url, namespace: randomUUID(), home: tmpdir(), disabled: false }
    await using ops = createCoordinator({ name: 'cli-alpha', ...options })
    await ops.events.emit('a:b', 1)
    await expect(ops.registry.register('cli-alpha')).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(/number of channels .*; raise max-channels/) as unknown,
    })
  })

  test('names a log that is no stream', async () => {
    const namespace = randomUUID()
    const connection = await connect(server.url)
    const channel = await connection.createChannel()
    await channel.assertQueue(`cli-ops.${namespace}.events`)
    await connection.close()
    expect(await emitAt(server.url, namespace)).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('it is no stream') as unknown,
    })
  })

  test('names a policy that refuses messages', async () => {
    const url = await makeHost()
    const [, vhost = ''] = new URL(url).pathname.split('/')
    const policy = '{"max-length":0,"overflow":"reject-publish"}'
    await server.control('set_policy', '-p', vhost, 'all', '.*', policy)
    await using bus = new EventBus({ url, home: tmpdir(), disabled: false })
    await bus.emit('a:b', 1)
    await expect(bus.on('*', () => 1, { group: 'g' }).ready).rejects.toMatchObject({
      message: expect.stringContaining('exempt names that begin with cli-ops.') as unknown,
    })
  })

  test('is named as one without TLS if the URL asks for TLS', async () => {
    expect(await emitAt(server.url.replace('amqp:', 'amqps:'))).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringMatching(/begins with amqp:\/\/$/) as unknown,
    })
  })

  test('loses no event of a group whose cursor a policy has removed', async () => {
    const url = await makeHost()
    const [, vhost = ''] = new URL(url).pathname.split('/')
    const options = { url, namespace: randomUUID(), home: tmpdir(), disabled: false }
    await using emitter = new EventBus(options)
    await emitter.emit('a:b', 'first')
    const seen: unknown[] = []
    const handle = (data: unknown): void => {
      seen.push(data)
    }
    const active = new EventBus(options)
    await active.on('*', handle, { group: 'g', from: 'earliest' }).ready
    await vi.waitFor(() => {
      expect(seen).toEqual(['first'])
    }, SETTLED)
    // The next cursors expire as soon as no consumer has them.
    await server.control('set_policy', '-p', vhost, 'ttl', '.*', '{"message-ttl":1}')
    await emitter.emit('a:b', 'second')
    await vi.waitFor(() => {
      expect(seen).toEqual(['first', 'second'])
    }, SETTLED)
    await active.close()
    await vi.waitFor(async () => {
      expect(await server.control('list_queues', '-p', vhost, 'name', 'messages')).toMatch(
        /group\.g\s+0/,
      )
    }, SETTLED)
    await server.control('clear_policy', '-p', vhost, 'ttl')
    await emitter.emit('a:b', 'missed')
    await using next = new EventBus(options)
    await next.on('*', handle, { group: 'g' }).ready
    await vi.waitFor(() => {
      expect(seen).toContain('missed')
    }, SETTLED)
  })

  test('lets a standby take over although the cursor has expired', async () => {
    const url = await makeHost()
    const [, vhost = ''] = new URL(url).pathname.split('/')
    const options = { url, namespace: randomUUID(), home: tmpdir(), disabled: false }
    await using emitter = new EventBus(options)
    const seen: string[] = []
    const [active, standby] = [new EventBus(options), new EventBus(options)]
    await active.on('*', (data) => seen.push(`active ${String(data)}`), { group: 'g' }).ready
    await using _ = standby
    const takenOver = standby.on('*', (data) => seen.push(`standby ${String(data)}`), {
      group: 'g',
    }).ready
    await server.control('set_policy', '-p', vhost, 'ttl', '.*', '{"message-ttl":1}')
    await emitter.emit('a:b', 'one')
    await vi.waitFor(() => {
      expect(seen).toEqual(['active one'])
    }, SETTLED)
    await active.close()
    await takenOver
    await emitter.emit('a:b', 'two')
    await vi.waitFor(() => {
      expect(seen).toContain('standby two')
    }, SETTLED)
  })
})
