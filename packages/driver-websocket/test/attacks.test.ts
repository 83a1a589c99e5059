import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createHub, type Hub, hashAccessKey, type AccessKey } from '@cli-ops/driver-websocket/hub'
import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { newRequest, openAt } from './drivers.js'
import { RawClient } from './raw-client.js'

const ALL = 'secret-of-one-who-may-do-everything'
const READER = 'secret-of-one-who-may-only-look'
const PASSING = 'secret-that-is-taken-back'
const TEAM = 'secret-of-one-namespace'

describe('a hub under attack', () => {
  let hub: Hub
  let home: string
  const log: string[] = []
  let keys: readonly AccessKey[] = [
    { name: 'all', hash: hashAccessKey(ALL), scopes: ['read', 'emit', 'lock', 'call'] },
    { name: 'reader', hash: hashAccessKey(READER), scopes: ['read'] },
    { name: 'passing', hash: hashAccessKey(PASSING), scopes: ['read'] },
    { name: 'team', hash: hashAccessKey(TEAM), scopes: ['read', 'lock'], namespaces: ['team'] },
  ]
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'cli-ops-hub-'))
    hub = await createHub({
      keys: () => keys,
      store: { home },
      allowedOrigins: ['https://board.example'],
      maxFrameBytes: 64 * 1024,
      maxBufferedBytes: 256 * 1024,
      leaseMs: 2_000,
      onLog: (line) => log.push(line),
    })
  })
  afterAll(async () => {
    await hub.close()
    rmSync(home, { recursive: true, force: true })
  })

  /** Checks that a client that has done nothing wrong is served all the while. */
  async function servesOthers(): Promise<void> {
    const good = await RawClient.enter(hub.url, ALL)
    expect(await good.call('locks.list')).toEqual([])
    good.socket.terminate()
  }

  function plainSocket(): Promise<Socket> {
    const socket = connect(Number(new URL(hub.url).port), '127.0.0.1')
    return once(socket, 'connect').then(() => socket)
  }

  describe('at the handshake', () => {
    test.each([
      ['no token', {}, 401],
      ['a wrong token', { token: 'wrong' }, 401],
      ['the hash of an access key', { token: hashAccessKey(ALL) }, 401],
      ['an access key of another scheme', { headers: { authorization: `Basic ${ALL}` } }, 401],
      ['a page of a stranger', { token: ALL, headers: { origin: 'https://evil.example' } }, 403],
      ['a page without an origin of its own', { token: ALL, headers: { origin: 'null' } }, 403],
      [
        'a name that resolves to this machine',
        { token: ALL, headers: { host: 'evil.example' } },
        403,
      ],
      [
        'a name that begins like this machine',
        { token: ALL, headers: { host: '127.0.0.1.evil.example' } },
        403,
      ],
      ['no subprotocol', { token: ALL, protocols: [] }, 400],
      ['another subprotocol', { token: ALL, protocols: ['cli-ops.v2'] }, 400],
    ])('%s is refused', async (_what, options, status) => {
      await expect(RawClient.connect(hub.url, options)).rejects.toThrow(`status ${status}`)
    })

    test('an allowed page gets in', async () => {
      const headers = { origin: 'https://board.example' }
      const client = await RawClient.connect(hub.url, { token: ALL, headers })
      client.socket.terminate()
    })

    test('an access key in the URL does not count', async () => {
      await expect(RawClient.connect(`${hub.url}/?token=${ALL}`, {})).rejects.toThrow('status 404')
    })

    test('the log contains no secret', () => {
      expect(log.length).toBeGreaterThan(5)
      for (const secret of [ALL, READER, 'wrong']) expect(log.join('\n')).not.toContain(secret)
    })

    test('a client that keeps trying is turned away, and does not lock others out', async () => {
      const tries = Array.from({ length: 30 }, (_, number) =>
        RawClient.connect(hub.url, { token: `guess-${number}` }).catch(String),
      )
      expect(await Promise.all(tries)).toContain('Error: status 429')
      await servesOthers()
    })

    test('a client that never finishes its handshake, or never begins it, is disconnected', async () => {
      const [silent, slow] = [await plainSocket(), await plainSocket()]
      slow.write('GET / HTTP/1.1\r\nHost: localhost\r\n')
      const dripping = setInterval(() => slow.write('X: y\r\n'), 100)
      slow.on('error', () => undefined).resume()
      silent.on('error', () => undefined).resume()
      const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))
      await Promise.all([closed(silent), closed(slow)])
      clearInterval(dripping)
      await servesOthers()
    }, 20_000)

    test('a client that sends no hello is disconnected', async () => {
      const client = await RawClient.connect(hub.url, { token: ALL })
      expect(await client.closed).toMatchObject({ code: 4400 })
    }, 20_000)

    test.each([
      'not HTTP at all\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n',
      'GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ])('an invalid request gets no more than a refusal (%#)', async (text) => {
      const socket = await plainSocket()
      let answer = ''
      socket.on('error', () => undefined)
      socket.on('data', (data) => (answer += data.toString()))
      socket.write(text)
      await once(socket, 'close')
      expect(answer).toMatch(/^(?:HTTP\/1\.1 4\d\d .*)?/u)
      expect(answer).not.toContain('200 OK')
    })
  })

  describe('with an access key', () => {
    test.each([
      ['events.append', 'emit'],
      ['registry.register', 'emit'],
      ['locks.acquire', 'lock'],
      ['locks.forceRelease', 'lock'],
      ['rpc.connect', 'call'],
      ['rpc.listen', 'call'],
    ])('%s requires the scope "%s"', async (method, scope) => {
      const client = await RawClient.enter(hub.url, READER)
      const { error } = await client.request(method)
      expect(error?.data).toEqual({ code: 'FORBIDDEN', details: { scope } })
      expect(error?.message).toContain(`lacks the scope "${scope}"`)
      client.socket.terminate()
    })

    test('a driver names the missing scope', async () => {
      const driver = await openAt(hub.url, { token: READER })
      const taking = Promise.resolve(driver.locks.tryAcquire(newRequest('db')))
      await expect(taking).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await driver.close()
    })

    test('a namespace that the access key does not allow is refused', async () => {
      await expect(openAt(hub.url, { token: TEAM })).rejects.toMatchObject({ code: 'FORBIDDEN' })
      await (await openAt(hub.url, { token: TEAM, namespace: 'team' })).close()
    })

    test('nothing works before hello, and hello is sent once', async () => {
      const client = await RawClient.connect(hub.url, { token: ALL })
      expect((await client.request('locks.list')).error?.message).toContain('send hello first')
      client.socket.terminate()
      const entered = await RawClient.enter(hub.url, TEAM, 'team')
      const again = await entered.request('hello', { namespace: '', leaseMs: 1, process: {} })
      expect(again.error?.message).toContain('once')
      entered.socket.terminate()
    })

    test('revoking the key ends its connections within seconds', async () => {
      const client = await RawClient.enter(hub.url, PASSING)
      keys = keys.filter(({ name }) => name !== 'passing')
      expect(await client.closed).toMatchObject({ code: 4401 })
      await expect(RawClient.connect(hub.url, { token: PASSING })).rejects.toThrow(
        /status 4(?:01|29)/u,
      )
    })

    test('the hub does not connect to a foreign socket, whatever a record says', async () => {
      const path = join(home, 'stranger.sock')
      let visits = 0
      const stranger = createServer(() => (visits += 1)).listen(path)
      const client = await RawClient.enter(hub.url, ALL)
      const record = {
        name: 'bait',
        instance: '0123456789ab',
        pid: 1,
        startedAt: 0,
        endpoint: path,
        metadata: {},
      }
      await client.call('registry.register', { record })
      const { error } = await client.request('rpc.connect', {
        channel: 'c0123456789ab',
        endpoint: path,
      })
      expect(error?.data?.code).toBe('NO_RESPONDER')
      // Nor does it lead a process on the hub's machine there.
      const ops = createCoordinator({ name: 'beside', url: 'local:', home, disabled: false })
      expect((await ops.registry.discover()).map(({ endpoint }) => endpoint)).toEqual([undefined])
      expect(visits).toBe(0)
      await ops.close()
      client.socket.terminate()
      stranger.close()
    })

    test.each(['../../x', 'a/b', '0123456789AB', '', 7, null])(
      'the instance %j, which becomes a file name, is refused',
      async (instance) => {
        const client = await RawClient.enter(hub.url, ALL)
        const record = { name: 'x', instance, pid: 1, startedAt: 0, metadata: {} }
        expect((await client.request('registry.register', { record })).error?.code).toBe(-32_602)
        const listening = { listener: '0123456789ab', name: 'x', instance }
        expect((await client.request('rpc.listen', listening)).error?.code).toBe(-32_602)
        client.socket.terminate()
      },
    )

    test('invalid names and ids are refused', async () => {
      const client = await RawClient.enter(hub.url, ALL)
      const owner = { name: 'x', pid: 1, host: 'h', user: 'u', startedAt: 0 }
      for (const wrong of [
        { resource: '' },
        { resource: 'a\u001b[2J' },
        { resource: 'x'.repeat(2_000) },
        { resource: { toString: 'x' } },
        { id: '../x' },
        { id: 'a~b' },
        { held: 'all' },
        { held: ['../x'] },
        { mode: 'both' },
        { owner: null },
        { owner: { ...owner, pid: -1 } },
      ]) {
        const params = { resource: 'db', id: 'raw-1', held: [], owner, ...wrong }
        expect((await client.request('locks.acquire', params)).error?.code).toBe(-32_602)
      }
      expect(await client.call('locks.list')).toEqual([])
      client.socket.terminate()
    })

    test('an event is serialised again: it brings along no line or member of its own', async () => {
      const client = await RawClient.enter(hub.url, ALL)
      const event = {
        specversion: '1.0',
        id: '1',
        source: '/x',
        type: 'a:b',
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
        data: { line: '\n{"cliops":"seal","segment":1}\n' },
        cursor: '9:9',
        extra: true,
      }
      const retention = { retentionMs: null, maxBytes: null }
      await client.call('events.append', { events: [event], retention, durable: false })
      const ops = createCoordinator({ name: 'beside', url: 'local:', home, disabled: false })
      const [stored] = await ops.events.read('*', { from: 'earliest' })
      expect(stored).toMatchObject({ type: 'a:b', data: event.data })
      expect(stored).not.toHaveProperty('extra')
      for (const wrong of [
        { type: '' },
        { id: 'a\nb' },
        { time: 'now' },
        { specversion: '2.0' },
        { source: 7 },
      ]) {
        const params = { events: [{ ...event, ...wrong }], retention, durable: false }
        expect((await client.request('events.append', params)).error?.code).toBe(-32_602)
      }
      await ops.close()
      client.socket.terminate()
    })

    test('no member called __proto__ reaches a prototype', async () => {
      const client = await RawClient.enter(hub.url, ALL)
      client.socket.send('{"jsonrpc":"2.0","id":900,"method":"__proto__","params":{}}')
      client.socket.send('{"jsonrpc":"2.0","id":901,"method":"constructor","params":{}}')
      client.socket.send('{"jsonrpc":"2.0","id":902,"method":"toString","params":{}}')
      const metadata = JSON.parse(
        '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      ) as unknown
      const record = { name: '__proto__', instance: '0123456789ab', pid: 1, startedAt: 0, metadata }
      await client.call('registry.register', { record })
      expect(
        await client.call('registry.discover', { name: '__proto__', probe: false }),
      ).toHaveLength(1)
      expect(({} as { polluted?: number }).polluted).toBeUndefined()
      client.socket.terminate()
    })
  })

  describe('with frames', () => {
    test('binary ones end the connection', async () => {
      const client = await RawClient.enter(hub.url, ALL)
      client.socket.send(Buffer.from('{}'), { binary: true })
      expect(await client.closed).toMatchObject({ code: 1003 })
    })

    test('one that is too large ends the connection before it has fully arrived', async () => {
      const client = await RawClient.enter(hub.url, ALL)
      client.socket.send('x'.repeat(64 * 1024 + 1))
      expect(await client.closed).toMatchObject({ code: 1009 })
      await servesOthers()
    })

    test('one that claims to be 8 EiB is refused by its header', async () => {
      const client = await RawClient.enter(hub.url, ALL)
      const { _socket: socket } = client.socket as unknown as { _socket: Socket }
      socket.write(
        Buffer.from([0x81, 0xff, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
      )
      expect((await client.closed).code).toBe(1009)
    })

    test.each([
      ['', -32_700],
      ['['.repeat(60_000), -32_700],
      ['[]', -32_600],
      ['null', -32_600],
      ['{}', -32_600],
      ['{"method":7}', -32_600],
      ['{"jsonrpc":"2.0","id":{},"method":"x"}', -32_600],
    ])('one that is not a request is answered as unreadable (%#)', async (text, code) => {
      const client = await RawClient.enter(hub.url, ALL)
      const answered = once(client.socket, 'message')
      client.socket.send(text)
      const [answer] = (await answered) as [Buffer]
      expect(JSON.parse(answer.toString())).toMatchObject({ id: null, error: { code } })
      expect(await client.call('locks.list')).toEqual([])
      client.socket.terminate()
    })

    test('a batch gets one answer', async () => {
      const client = await RawClient.enter(hub.url, ALL)
      const answered = once(client.socket, 'message')
      const ask = (id: number) => ({ jsonrpc: '2.0', id, method: 'locks.list' })
      client.socket.send(JSON.stringify([ask(901), ask(902)]))
      const [answer] = (await answered) as [Buffer]
      expect(JSON.parse(answer.toString())).toEqual([
        { jsonrpc: '2.0', id: 901, result: [] },
        { jsonrpc: '2.0', id: 902, result: [] },
      ])
      client.socket.terminate()
    })

    test('endless garbage keeps no other client from an answer', async () => {
      const good = await RawClient.enter(hub.url, ALL)
      const client = await RawClient.enter(hub.url, ALL)
      let isOver = false
      const pouring = (async () => {
        while (!isOver && client.socket.readyState === client.socket.OPEN)
          await new Promise((resolve) => {
            for (let count = 0; count < 500; count += 1) client.socket.send('garbage')
            client.socket.send('garbage', resolve)
          })
      })()
      for (let answers = 0; answers < 10; answers += 1)
        expect(await good.call('locks.list')).toEqual([])
      isOver = true
      good.socket.terminate()
      client.socket.terminate()
      await pouring
    })

    test('requests above the in-flight limit are refused, and the others are served', async () => {
      const client = await RawClient.enter(hub.url, ALL, 'waiting')
      const owner = { name: 'x', pid: 1, host: 'h', user: 'u', startedAt: 0 }
      const ask = (id: number) => ({
        resource: 'flood',
        id: `raw-${id}`,
        held: [],
        owner,
        wait: true,
      })
      await client.call('locks.acquire', ask(0))
      let refused = 0
      for (let id = 1; id <= 1_100; id += 1) {
        void client.request('locks.acquire', ask(id)).then(({ error }) => {
          if (error?.data?.code === 'RATE_LIMITED') refused += 1
        })
      }
      await vi.waitFor(() => {
        expect(refused).toBeGreaterThanOrEqual(76)
      }, 20_000)
      const good = await RawClient.enter(hub.url, ALL, 'elsewhere')
      expect(await good.call('locks.list')).toEqual([])
      good.socket.terminate()
      client.socket.terminate()
      await client.closed
    }, 60_000)

    test('a flood of messages is read at a pace that leaves others their turn', async () => {
      const client = await RawClient.enter(hub.url, ALL, 'flood')
      const text = JSON.stringify({ jsonrpc: '2.0', method: 'events.close', params: { reader: 1 } })
      for (let count = 0; count < 50_000; count += 1) client.socket.send(text)
      const good = await RawClient.enter(hub.url, ALL, 'elsewhere')
      expect(await good.call('locks.list')).toEqual([])
      // Either the flood is not over yet, or its sender is still allowed.
      expect(await client.call('locks.list')).toEqual([])
      good.socket.terminate()
      client.socket.terminate()
    })

    test('a client that sends but does not read is dropped, with the reason if possible', async () => {
      const client = await RawClient.enter(hub.url, ALL, 'slow')
      const metadata = { text: 'x'.repeat(60_000) }
      const record = { name: 'big', instance: '0123456789ab', pid: 1, startedAt: 0, metadata }
      await client.call('registry.register', { record })
      client.socket.pause()
      const asking = setInterval(() => {
        for (let count = 0; count < 50; count += 1) void client.request('registry.discover')
      }, 10)
      await vi.waitFor(() => {
        expect(log.join('\n')).toContain(
          'all at 127.0.0.1 disconnected: it left more than 262144 bytes unread',
        )
      }, 20_000)
      clearInterval(asking)
      client.socket.terminate()
      await servesOthers()
    }, 30_000)

    test('an event reader that does not read gets no more than the hub keeps for it', async () => {
      const before = log.length
      const writer = await openAt(hub.url, { token: ALL, namespace: 'events' })
      const client = await RawClient.enter(hub.url, ALL, 'events')
      await client.call('events.open', { reader: 1, from: 'latest', credit: 60_000 })
      client.socket.pause()
      const ended = client.closed
      const data = 'x'.repeat(10_000)
      const record = (id: number) => {
        const event = {
          specversion: '1.0',
          id: String(id),
          source: '/x',
          type: 'a:b',
          time: new Date().toISOString(),
          datacontenttype: 'application/json',
          data,
        } as const
        return { event, json: JSON.stringify(event) }
      }
      const keep = { retention: { retentionMs: 60_000, maxBytes: 2 ** 28 }, durable: false }
      for (let id = 0; id < 1_000; id += 1) await writer.events.append([record(id)], keep)
      await vi.waitFor(() => {
        // The hub no longer hears the client, which does not even read what it is asked.
        expect(log.slice(before).join('\n')).toMatch(/was silent for|bytes unread/u)
      }, 20_000)
      client.socket.resume()
      await ended
      await writer.close()
    }, 60_000)
  })
})

test('GET /health reports the hub’s state, and no secret', async () => {
  const home = mkdtempSync(join(tmpdir(), 'cli-ops-hub-'))
  const hub = await createHub({
    keys: [{ name: 'x', hash: hashAccessKey(ALL), scopes: ['read'] }],
    store: { home },
  })
  const url = hub.url.replace('ws:', 'http:')
  const response = await fetch(`${url}/health`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    status: 'ok',
    connections: 0,
    store: { url: 'local:', state: 'reachable' },
  })
  expect((await fetch(`${url}/health`, { method: 'POST' })).status).toBe(405)
  expect((await fetch(`${url}/`)).status).toBe(404)
  await hub.close()
  rmSync(home, { recursive: true })
})

test('a hub does not start if its store is away', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  const keys = [{ name: 'x', hash: hashAccessKey(ALL), scopes: ['read'] as const }]
  const starting = createHub({ keys, store: { url: `redis://127.0.0.1:${port}` } })
  await expect(starting).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
})

test.each([
  [{ host: '0.0.0.0' }, /^host must be a loopback address/u],
  [{ host: '::' }, /^host must be a loopback address/u],
  [{ host: 'sure.invalid' }, /the name cannot be resolved/u],
  [{ port: 70_000 }, /^port must be an integer/u],
  [{ tls: { cert: 'x', key: 'y' } }, /^tls must be a certificate and its key/u],
  [{ store: { url: 'memory:' } }, /^store.url must be/u],
  [{ store: { url: 'wss://other' } }, /^store.url must be/u],
  [{ store: { url: 'redis' } }, /^store.url must be/u],
  [{ maxConnections: Number.MAX_SAFE_INTEGER }, /^maxConnections must be/u],
  [{ maxConnectionsPerKey: Number.MAX_SAFE_INTEGER }, /^maxConnectionsPerKey must be/u],
  [
    { keys: [{ name: 'x', hash: 'the secret itself', scopes: [] }] },
    /^the hash of the access key "x"/u,
  ],
  [
    { keys: [{ name: 'x', hash: hashAccessKey('y'), scopes: ['all'] }] },
    /^the scopes of the access key "x"/u,
  ],
  [{ leaseMs: 1 }, /^leaseMs must be/u],
  [{ leaseMS: 1000 }, /^options has an unknown key "leaseMS"; did you mean "leaseMs"\?$/u],
  [{ store: { uri: 'local:' } }, /^store has an unknown key "uri"; did you mean "url"\?$/u],
])('createHub refuses %j (%#)', async (options, message) => {
  const starting = createHub({ keys: [], ...options } as Parameters<typeof createHub>[0])
  await expect(starting).rejects.toThrow(message)
})
