import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { makeCertificate } from '../../../test/engines/certificate.js'
import { freePort } from '../../../test/engines/free-port.js'
import { hasNats, NatsServer, type NatsServerOptions } from '../../../test/engines/nats-server.js'
import { useEverything } from './use-everything.js'

const PASSWORD = 'p/w:secret'
const GUIDE = readFileSync(join(root, 'docs/guides/nats.md'), 'utf8')
/** The rights that the guide says a user needs. */
const RIGHTS = /```\n(permissions \{.*?)```/su.exec(GUIDE)?.[1] ?? ''

async function startServer(options?: NatsServerOptions): Promise<NatsServer> {
  const server = await NatsServer.start(options)
  onTestFinished(() => server.stop())
  return server
}

async function errorAt(url: string): Promise<unknown> {
  const locks = new LockManager({ url, home: tmpdir(), disabled: false })
  return locks
    .list()
    .then(
      () => 'no error',
      (error: unknown) => error,
    )
    .finally(() => locks.close())
}

/** Returns the URL with another user, password or server. */
function urlWith(
  { url }: NatsServer,
  changes: Partial<Pick<URL, 'username' | 'password' | 'port'>>,
): string {
  return Object.assign(new URL(url), changes).href
}

describe.runIf(hasNats())('a server that requires credentials', () => {
  test('lets a user with the guide’s rights do everything, and no client without the password', async () => {
    const server = await startServer({
      config: `authorization { users = [{ user: builder, password: "${PASSWORD}", ${RIGHTS} }] }`,
      user: `builder:${encodeURIComponent(PASSWORD)}@`,
    })
    await useEverything(server.url)
    const refused = await errorAt(urlWith(server, { password: 'wrong-secret' }))
    expect(refused).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('CLI_OPS_NATS_PASSWORD') as unknown,
    })
    expect(inspect(refused, { depth: Infinity, showHidden: true })).not.toContain('secret')
    expect(await errorAt(urlWith(server, { username: '', password: '' }))).toMatchObject({
      code: 'FORBIDDEN',
    })
  })

  test('accepts a password without a user as a token', async () => {
    const server = await startServer({ args: ['--auth', 's3cret'], user: ':s3cret@' })
    await useEverything(server.url)
  })

  test('names the subject that a right is missing for', async () => {
    const server = await startServer({
      config: `authorization { users = [{ user: builder, password: secret, permissions: { publish: { deny: "cli_ops.s.>" } } }] }`,
      user: 'builder:secret@',
    })
    expect(await errorAt(server.url)).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('publish on cli_ops.s.') as unknown,
    })
  })
})

describe.runIf(hasNats())('a server with TLS', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  test('is used if its authority is known, and refused if it is not', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'cli-ops-'))
    onTestFinished(() => {
      rmSync(directory, { recursive: true })
    })
    const { ca, cert, key } = makeCertificate(directory, ['IP:127.0.0.1'], 'nats')
    const server = await startServer({ args: ['--tls', '--tlscert', cert, '--tlskey', key] })
    const url = server.url.replace('nats:', 'natss:')
    expect(await errorAt(url)).toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    vi.stubEnv('CLI_OPS_NATS_TLS_CA_FILE', ca)
    await useEverything(url)
  })

  test('is required, but the server has none', async () => {
    const server = await startServer()
    expect(await errorAt(server.url.replace('nats:', 'natss:'))).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    })
  })
})

describe.runIf(hasNats())('a server that cannot be used', () => {
  test('is named if it has no JetStream', async () => {
    const server = await startServer({ hasJetStream: false })
    expect(await errorAt(server.url)).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('nats-server -js') as unknown,
    })
  })

  test.each([
    ['disabled', 'UNSUPPORTED', 'jetstream: enabled'],
    ['{ max_streams: 1 }', 'ENGINE_UNAVAILABLE', 'raise the account'],
  ])('is named if JetStream for its account is %s', async (jetstream, code, remedy) => {
    const server = await startServer({
      config: `accounts {
        A { jetstream: ${jetstream}, users: [{ user: a, password: a }] }
        SYS { users: [{ user: s, password: s }] }
      }
      system_account: SYS`,
      user: 'a:a@',
    })
    const options = { url: server.url, home: tmpdir(), disabled: false }
    const first = new LockManager(options)
    await first.list().catch(() => undefined)
    await first.close()
    await using events = new EventBus(options)
    await expect(events.emit('a:b', 1)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(remedy) as unknown,
    })
  })

  test('is named if one of its streams was given a limit', async () => {
    const server = await startServer()
    await using events = new EventBus({ url: server.url, home: tmpdir(), disabled: false })
    await events.emit('a:b', 1)
    const [name = ''] = (await server.streams()).filter((each) => each.includes('_events_'))
    const { config } = await server.ask(`STREAM.INFO.${name}`)
    await server.ask(`STREAM.UPDATE.${name}`, { ...(config as object), max_msgs: 1 })
    await expect(events.emit('a:b', 2)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('remove it (nats stream edit)') as unknown,
    })
  })

  test('is named if it is down', async () => {
    const url = `nats://127.0.0.1:${await freePort()}`
    expect(await errorAt(url)).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('refused') as unknown,
    })
  })

  test('keeps no connection if it accepts one and says nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    const accepted = once(server, 'connection')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const failure = errorAt(`nats://127.0.0.1:${port}`)
    const [socket] = (await accepted) as [Socket]
    const ended = once(socket.resume(), 'close')
    expect(await failure).toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    await ended
    server.close()
  })

  test('is said to be full if it has too many connections', async () => {
    const server = await startServer({ config: 'max_connections: 1' })
    const only = await server.connect()
    expect(await errorAt(server.url)).toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('max_connections') as unknown,
    })
    await only.close()
  })

  test('refuses unsupported parameters', async () => {
    const server = await startServer()
    for (const [query, what] of [
      ['stream=x', 'got "stream"'],
      ['replicas=9', 'from 1 to 5'],
      ['sync=never', 'sync must be "always"'],
    ] as const) {
      expect(await errorAt(`${server.url}?${query}`)).toMatchObject({
        message: expect.stringContaining(what) as unknown,
      })
    }
  })

  test('refuses durable events by name if it is alone, and accepts them if it is said to sync', async () => {
    const server = await startServer()
    const options = { home: tmpdir(), disabled: false, durable: true }
    await using alone = new EventBus({ ...options, url: server.url })
    await expect(alone.emit('a:b', 1)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('cluster of three') as unknown,
    })
    await using synced = new EventBus({ ...options, url: `${server.url}?sync=always` })
    expect(await synced.emit('a:b', 1)).toMatchObject({ type: 'a:b' })
  })

  test('refuses an event larger than its limit, and stores nothing of its batch', async () => {
    const server = await startServer({ config: 'max_payload: 4096' })
    await using events = new EventBus({ url: server.url, home: tmpdir(), disabled: false })
    await expect(events.emit('a:b', 'x'.repeat(8_000))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      message: expect.stringContaining('max_payload') as unknown,
    })
    expect(await events.emit('a:b', 1)).toMatchObject({
      cursor: expect.stringMatching(/-1$/u) as unknown,
    })
  })

  test('is named if its store is full, and grants neither events nor locks', async () => {
    const server = await startServer({ config: 'jetstream { max_file_store: 64KB }' })
    await server.ageStore()
    const options = { url: server.url, home: tmpdir(), disabled: false } as const
    await using events = new EventBus({ ...options, rateLimit: false })
    await using locks = new LockManager(options)
    const full = {
      code: 'ENGINE_UNAVAILABLE',
      message: expect.stringContaining('max_file_store') as unknown,
    }
    const fill = async (data: string): Promise<void> => {
      for (;;) await events.emit('a:b', data)
    }
    await expect(fill('x'.repeat(1_000))).rejects.toMatchObject(full)
    await expect(fill('')).rejects.toMatchObject(full)
    await expect(locks.tryLock('db')).rejects.toMatchObject(full)
  })
})
