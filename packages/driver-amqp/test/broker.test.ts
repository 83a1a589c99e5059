import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

import {
  type ConnectionOptions,
  createCoordinator,
  EventBus,
  IPCClient,
  LockManager,
  ServiceRegistry,
} from '@cli-ops/shared-ipc'
import { connect } from 'amqplib'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { NetworkProxy } from '../../../test/engines/network-proxy.js'
import { hasRabbitServer, RabbitServer } from '../../../test/engines/rabbitmq-server.js'
import { freePort } from '../../../test/engines/free-port.js'
import { startScript } from '../../core/test/fixtures/start-script.js'

const PASSWORD = 'p/w:secret'
/** The rights that `docs/guides/rabbitmq.md` requires: to configure, write and read. */
const RIGHTS = [
  String.raw`^cli-ops\..*`,
  String.raw`^(cli-ops\..*|amq\.default)$`,
  String.raw`^cli-ops\..*`,
]
const ENGINE_TIMEOUT_MS = 700
/** Generous: `npm run bench -- amqp` measures the real time. */
const LATE_MS = 10_000

describe.runIf(hasRabbitServer())('a broker', () => {
  let server: RabbitServer
  let directory: string
  let securePort: number
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'cli-ops-'))
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=rabbit.test'],
      ...['-addext', 'subjectAltName=DNS:rabbit.test'],
    ])
    expect(made.status).toBe(0)
    securePort = await freePort()
    writeFileSync(join(directory, 'password'), `${PASSWORD}\n`)
    server = await RabbitServer.start({
      settings: [
        `default_user = team`,
        `default_pass = ${PASSWORD}`,
        'default_vhost = team/a',
        `listeners.ssl.1 = 127.0.0.1:${securePort}`,
        `ssl_options.certfile = ${cert}`,
        `ssl_options.keyfile = ${key}`,
        `ssl_options.cacertfile = ${cert}`,
        'ssl_options.verify = verify_none',
      ],
    })
    await server.control('set_permissions', '-p', 'team/a', 'team', ...RIGHTS)
  })
  afterAll(async () => {
    await server.stop()
    rmSync(directory, { recursive: true })
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  function urlAt(port: number, scheme = 'amqp'): string {
    return `${scheme}://team:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/team%2Fa`
  }
  function place(port = server.port): ConnectionOptions & { readonly rateLimit: false } {
    const namespace = randomUUID()
    const url = urlAt(port)
    return { url, namespace, home: directory, disabled: false, rateLimit: false }
  }
  async function openProxy(): Promise<NetworkProxy> {
    const proxy = await NetworkProxy.start({ port: server.port })
    onTestFinished(() => proxy.close())
    return proxy
  }
  /** Uses all of the broker's features; client name, group and namespace can have any length. */
  async function useEverything(url: string, namespace: string = randomUUID()): Promise<void> {
    const ops = createCoordinator({
      name: 'cli-alpha',
      url,
      namespace,
      home: directory,
      disabled: false,
    })
    try {
      const group = `${'é'.repeat(60)}/..`
      const heard = new Promise((resolve) => {
        ops.events.on('a:b', resolve, { from: 'earliest', group })
      })
      await ops.events.emit('a:b', 1)
      expect(await heard).toBe(1)
      ops.serve().handle('echo', (value) => value)
      expect(await ops.connect('cli-alpha').call('echo', 7)).toBe(7)
    } finally {
      await ops.close()
    }
  }

  describe('receives credentials', () => {
    test('from the URL', () => useEverything(urlAt(server.port)))

    test('from the environment and a file, in any namespace', async () => {
      vi.stubEnv('CLI_OPS_AMQP_USERNAME', 'team')
      vi.stubEnv('CLI_OPS_AMQP_PASSWORD_FILE', join(directory, 'password'))
      await useEverything(`${server.url}/team%2Fa`, `a.b/${'ž'.repeat(100)}`)
    })

    test.each([
      ['a wrong password', 'team%2Fa', 'wrong:secret', 'FORBIDDEN', /rejects the user name or/],
      [
        'an unknown virtual host',
        'nowhere',
        PASSWORD,
        'ENGINE_UNAVAILABLE',
        /no virtual host "nowhere"/,
      ],
    ])(
      'and refuses %s with an error without a password',
      async (_, path, password, code, reason) => {
        vi.stubEnv('CLI_OPS_AMQP_USERNAME', 'team')
        vi.stubEnv('CLI_OPS_AMQP_PASSWORD', password)
        const error: unknown = await useEverything(`${server.url}/${path}`).catch((e: unknown) => e)
        expect(error).toMatchObject({
          code,
          message: expect.stringMatching(reason) as string,
        })
        const shown = inspect(error, { depth: Infinity, showHidden: true })
        expect(shown).not.toContain('secret')
      },
    )

    test('refuses locks by name', async () => {
      const locks = new LockManager(place())
      await expect(locks.lock('db')).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        message: expect.stringContaining('CLI_OPS_LOCKS_URL') as string,
      })
      await locks.close()
    })
  })

  describe('with TLS', () => {
    test('is used if its authority is known and its name is right', async () => {
      vi.stubEnv('CLI_OPS_AMQP_TLS_CA_FILE', join(directory, 'cert.pem'))
      vi.stubEnv('CLI_OPS_AMQP_TLS_SERVERNAME', 'rabbit.test')
      await useEverything(urlAt(securePort, 'amqps'))
    })

    test.each([
      ['where its authority is not known', { CLI_OPS_AMQP_TLS_SERVERNAME: 'rabbit.test' }],
      ['under another name', { CLI_OPS_AMQP_TLS_CA_FILE: 'cert.pem' }],
    ])('is refused %s', async (_, env) => {
      for (const [name, value] of Object.entries(env)) {
        vi.stubEnv(name, value.endsWith('.pem') ? join(directory, value) : value)
      }
      await expect(useEverything(urlAt(securePort, 'amqps'))).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringMatching(/self-signed|127\.0\.0\.1/) as string,
      })
    })
  })

  describe('that does not answer', () => {
    /** Returns one object of each kind, and the calls with the time that each of them has. */
    function everything(port: number) {
      const options = { ...place(port), engineTimeoutMs: ENGINE_TIMEOUT_MS, leaseMs: 2_000 }
      const events = new EventBus(options)
      const registry = new ServiceRegistry(options)
      const client = new IPCClient('nobody', options)
      const soon = (): AbortSignal => AbortSignal.timeout(300)
      const calls: readonly (readonly [string, number, () => Promise<unknown>])[] = [
        ['emit', ENGINE_TIMEOUT_MS, () => events.emit('a:b', 1)],
        ['emit with a signal', 300, () => events.emit('a:b', 1, { signal: soon() })],
        ['once', 300, () => events.once('a:b', { signal: soon() })],
        [
          'ready of a group',
          ENGINE_TIMEOUT_MS,
          () => events.on('*', () => 1, { group: randomUUID() }).ready,
        ],
        ['read', ENGINE_TIMEOUT_MS, () => events.read('*', { from: 'earliest' })],
        ['cleanOldEvents', ENGINE_TIMEOUT_MS, () => events.cleanOldEvents()],
        ['register', ENGINE_TIMEOUT_MS, () => registry.register('cli-alpha')],
        ['discover', ENGINE_TIMEOUT_MS, () => registry.discover()],
        ['discover with a signal', 300, () => registry.discover({}, { signal: soon() })],
        ['cleanDeadProcesses', ENGINE_TIMEOUT_MS, () => registry.cleanDeadProcesses()],
        ['call', 400, () => client.call('a', 1, { timeoutMs: 400 })],
      ]
      const close = () => Promise.allSettled([events, registry, client].map((part) => part.close()))
      return { calls, close }
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

    test.each(['from the beginning', 'any more'])(
      'lets every call settle if nothing gets through %s',
      async (since) => {
        const proxy = await openProxy()
        const used = everything(proxy.port)
        if (since === 'any more') await Promise.allSettled(used.calls.map(([, , call]) => call()))
        proxy.cut()
        await expectToSettle(used)
      },
    )

    test('lets every call settle while it is suspended', async () => {
      const used = everything(server.port)
      await Promise.allSettled(used.calls.map(([, , call]) => call()))
      server.pause()
      try {
        await expectToSettle(used)
      } finally {
        server.resume()
      }
    })
  })

  test('reports low memory instead of taking events', async () => {
    const options = { ...place(), engineTimeoutMs: 1_000 }
    const [events, reader] = [new EventBus(options), new EventBus(options)]
    await events.emit('a:b', 'before')
    await server.control('set_vm_memory_high_watermark', 'absolute', '1MB')
    try {
      await expect(events.emit('a:b', 'meanwhile')).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringMatching(/accepts no messages: it is low on memory/) as string,
      })
      // The shortage is known by now, so nothing is sent that would be stored after its caller gave up.
      await expect(events.emit('a:b', 'never')).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
      })
    } finally {
      await server.control('set_vm_memory_high_watermark', '0.6')
    }
    await vi.waitFor(() => events.emit('a:b', 'after'), 60_000)
    const seen = (await reader.read('*', { from: 'earliest' })).map(({ data }) => data)
    expect(seen.at(0)).toBe('before')
    expect(seen.at(-1)).toBe('after')
    expect(seen).not.toContain('never')
    await Promise.all([events.close(), reader.close()])
  })

  test('stores each event once, although its connections are reset meanwhile', async () => {
    const proxy = await openProxy()
    const options = place(proxy.port)
    const [events, reader] = [new EventBus(options), new EventBus(options)]
    const seen: unknown[] = []
    const subscription = reader.on('*', (data) => seen.push(data))
    await subscription.ready
    for (let n = 0; n < 60; n += 1) {
      const emitting = events.emit('a:b', n)
      // At any point between the first byte and the confirm.
      if (n % 3 === 0) setTimeout(() => proxy.reset(), n / 20)
      await emitting
    }
    await vi.waitFor(() => expect(seen).toContain(59), 60_000)
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => n))
    await Promise.all([events.close(), reader.close()])
  })

  test('lets a group begin while its log is being created', async () => {
    // A stream's queue is declared before it runs: about one in thirty readers hit that gap. This many readers together
    // take a slow broker seconds.
    const beginnings = Array.from({ length: 60 }, async () => {
      const events = new EventBus({ ...place(), engineTimeoutMs: 60_000 })
      const heard = new Promise((resolve, reject) => {
        const subscription = events.on('*', resolve, { from: 'earliest', group: 'g' })
        subscription.ready.catch(reject)
      })
      await events.emit('a:b', 1)
      expect(await heard).toBe(1)
      await events.close()
    })
    await Promise.all(beginnings)
  })

  test('reports a deleted log as a gap', async () => {
    // The readers of the test before take a slow broker a while.
    const options = { ...place(), engineTimeoutMs: 60_000 }
    const [events, reader] = [new EventBus(options), new EventBus(options)]
    const seen: unknown[] = []
    const gaps: unknown[] = []
    const subscription = reader.on('*', (data) => seen.push(data), {
      onGap: (gap: unknown) => gaps.push(gap),
    })
    await subscription.ready
    for (const n of [1, 2, 3]) await events.emit('a:b', n)
    await vi.waitFor(() => expect(seen).toEqual([1, 2, 3]), 60_000)
    const connection = await connect(urlAt(server.port))
    const channel = await connection.createChannel()
    await channel.deleteQueue(`cli-ops.${options.namespace}.events`)
    await connection.close()
    await vi.waitFor(() => events.emit('a:b', 'new'), 60_000)
    await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 'new']), 60_000)
    expect(gaps).toHaveLength(1)
    await Promise.all([events.close(), reader.close()])
  })

  test('reports a removed virtual host, and works again once there is one', async () => {
    const vhost = randomUUID()
    const makeHost = async (): Promise<void> => {
      await server.control('add_vhost', vhost)
      await server.control('set_permissions', '-p', vhost, 'team', ...RIGHTS)
    }
    await makeHost()
    const url = urlAt(server.port).replace('team%2Fa', vhost)
    const events = new EventBus({ ...place(), url })
    const seen: unknown[] = []
    const subscription = events.on('*', (data) => seen.push(data))
    await subscription.ready
    await events.emit('a:b', 'before')
    await server.control('delete_vhost', vhost)
    await expect(events.emit('a:b', 'meanwhile')).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining(`no virtual host "${vhost}"`) as string,
    })
    await makeHost()
    await vi.waitFor(() => events.emit('a:b', 'after'), 60_000)
    await vi.waitFor(() => expect(seen).toEqual(['before', 'after']), 60_000)
    await events.close()
  })

  test('recreates deleted queues', async () => {
    const options = place()
    const namespace = String(options.namespace)
    const ops = createCoordinator({ name: 'cli-alpha', ...options })
    const other = createCoordinator({ name: 'cli-beta', ...options, leaseMs: 9_999 })
    const seen: unknown[] = []
    const handled: unknown[] = []
    await Promise.all([
      other.events.on('*', (data) => seen.push(data)).ready,
      other.events.on('*', (data) => handled.push(data), { group: 'g' }).ready,
    ])
    const serving = ops.serve()
    serving.handle('echo', (value) => value)
    await serving.ready
    expect(await other.connect('cli-alpha').call('echo', 1)).toBe(1)
    await ops.events.emit('a:b', 'before')
    await vi.waitFor(() => expect([seen, handled]).toEqual([['before'], ['before']]), 60_000)

    const connection = await connect(urlAt(server.port))
    const channel = await connection.createChannel()
    // The log and the group's cursor; the others belong to their connections.
    for (const name of ['events', 'group.g'])
      await channel.deleteQueue(`cli-ops.${namespace}.${name}`)
    await connection.close()

    await vi.waitFor(() => ops.events.emit('a:b', 'after'), 60_000)
    await vi.waitFor(() => expect(seen.at(-1)).toBe('after'), 60_000)
    // The group lost its cursor with its queue, so it starts over.
    await vi.waitFor(async () => {
      await ops.events.emit('a:b', 'again')
      expect(handled.at(-1)).toBe('again')
    }, 60_000)
    await vi.waitFor(async () => {
      expect(await other.connect('cli-alpha').call('echo', 2, { timeoutMs: 2_000 })).toBe(2)
    }, 60_000)
    await Promise.all([ops.close(), other.close()])
  })

  test('notices immediately that a killed process is gone, and reports one that hangs', async () => {
    const options = place()
    const env = {
      CLI_OPS_URL: urlAt(server.port),
      CLI_OPS_NAMESPACE: String(options.namespace),
      CLI_OPS_HOME: directory,
      NODE_ENV: 'production',
    }
    const start = async (name: string) => {
      const script = startScript('../../../driver-amqp/test/fixtures/instance.mjs', [name], env)
      await script.line((line) => line === 'ready')
      return script
    }
    const [one, other] = [await start('cli-alpha'), await start('cli-beta')]
    const registry = new ServiceRegistry(options)
    const states = async () =>
      Object.fromEntries((await registry.discover()).map(({ name, state }) => [name, state]))
    expect(await states()).toEqual({ 'cli-alpha': 'live', 'cli-beta': 'live' })
    one.child.kill('SIGSTOP')
    expect(await states()).toEqual({ 'cli-alpha': 'hung', 'cli-beta': 'live' })
    one.child.kill('SIGCONT')
    await vi.waitFor(
      async () => expect(await states()).toEqual({ 'cli-alpha': 'live', 'cli-beta': 'live' }),
      20_000,
    )
    one.child.kill('SIGKILL')
    await one.ended
    await vi.waitFor(async () => expect(await states()).toEqual({ 'cli-beta': 'live' }), 60_000)
    await registry.close()
    other.child.kill('SIGKILL')
    await once(other.child, 'close').catch(() => undefined)
  })

  test('keeps no idle process alive', async () => {
    const options = place()
    const script = startScript('../../../driver-amqp/test/fixtures/idle.mjs', [], {
      CLI_OPS_URL: urlAt(server.port),
      CLI_OPS_NAMESPACE: String(options.namespace),
      CLI_OPS_HOME: directory,
      NODE_ENV: 'production',
    })
    expect(await script.ended).toBe(0)
    expect(script.lines).toEqual(['7'])
    expect(script.stderr).toBe('')
  })
})
