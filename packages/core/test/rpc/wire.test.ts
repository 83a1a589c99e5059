import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { IPCClient, IPCServer, type IPCServerOptions } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ProgressType,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node'
import { containing, inAnyOrder, objectWith } from '../fixtures/matchers.js'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()
const run = promisify(execFile)

async function startServer(options: IPCServerOptions = {}) {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home, closeGraceMs: 0, ...options })
  onTestFinished(() => server.close())
  const told: unknown[] = []
  server.handle('echo', (data) => data ?? 'nothing')
  server.handle('tell', (data) => void told.push(data))
  server.handle('told', () => told)
  server.handle('never', (_data, { signal }) => {
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve('stopped')))
  })
  server.handle('fail', () => {
    throw Object.assign(new Error('failed'), { code: 'E_TEST' })
  })
  server.handle<number>('count', async (to, { progress }) => {
    for (let value = 1; value <= to; value += 1) await progress(value)
    return to
  })
  await server.ready
  return { home, server, endpoint: server.endpoint! }
}

const request = (id: unknown, method: string, params?: unknown, more: object = {}): object => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
  ...more,
})

interface Case {
  readonly sent: unknown[]
  readonly received: unknown[]
}

const error = (id: unknown, code: number): unknown => ({
  jsonrpc: '2.0',
  id,
  error: objectWith({ code }),
})
const result = (id: unknown, value: unknown): unknown => ({ jsonrpc: '2.0', id, result: value })

/** What any client may do, whatever its framing. */
const CASES: Record<string, Case> = {
  'a string id': { sent: [request('a', 'echo', [1])], received: [result('a', [1])] },
  'id zero': { sent: [request(0, 'echo', [1])], received: [result(0, [1])] },
  'a null id': { sent: [request(null, 'echo', [1])], received: [result(null, [1])] },
  'no params': { sent: [request(1, 'echo')], received: [result(1, 'nothing')] },
  'a plain value as params': { sent: [request(1, 'echo', 'x')], received: [result(1, 'x')] },
  'null as params': { sent: [request(1, 'echo', null)], received: [result(1, 'nothing')] },
  unicode: {
    sent: [request(1, 'echo', ['ü€😀\u0000\n'])],
    received: [result(1, ['ü€😀\u0000\n'])],
  },
  'no result': { sent: [request(1, 'tell')], received: [result(1, null)] },
  'an unknown method': { sent: [request(1, 'nope')], received: [error(1, -32601)] },
  'a prototype name': { sent: [request(1, '__proto__')], received: [error(1, -32601)] },
  'another prototype name': { sent: [request(1, 'constructor')], received: [error(1, -32601)] },
  'an unknown control request': { sent: [request(1, '$/nope')], received: [error(1, -32601)] },
  'a failing handler': {
    sent: [request(1, 'fail')],
    received: [
      {
        jsonrpc: '2.0',
        id: 1,
        error: { code: -32000, message: 'failed', data: { code: 'E_TEST' } },
      },
    ],
  },
  'a ping': {
    sent: [request(7, '$/ping')],
    received: [result(7, objectWith({ name: 'cli-alpha', pid: process.pid }))],
  },
  'no version': { sent: [{ id: 1, method: 'echo' }], received: [error(1, -32600)] },
  'another version': {
    sent: [{ jsonrpc: '1.0', id: 1, method: 'echo' }],
    received: [error(1, -32600)],
  },
  'a method that is no string': { sent: [request(1, 5 as never)], received: [error(1, -32600)] },
  'an id that is an object': { sent: [request({}, 'echo')], received: [error(null, -32600)] },
  'an id of megabytes': {
    sent: [request('x'.repeat(5000), 'echo')],
    received: [error(null, -32600)],
  },
  'a plain value': { sent: [42], received: [error(null, -32600)] },
  null: { sent: [null], received: [error(null, -32600)] },
  'an empty object': { sent: [{}], received: [error(null, -32600)] },
  'an empty batch': { sent: [[]], received: [error(null, -32600)] },
  'a batch': {
    sent: [[request(1, 'echo', [1]), request(2, 'echo', [2])]],
    received: [[result(1, [1]), result(2, [2])]],
  },
  'a batch with everything': {
    sent: [[request(1, 'echo', [1]), 5, { jsonrpc: '2.0', method: 'tell' }, request(3, 'nope')]],
    received: [inAnyOrder([result(1, [1]), error(null, -32600), error(3, -32601)])],
  },
  'a batch of too many': {
    sent: [Array.from({ length: 1001 }, () => 1)],
    received: [error(null, -32600)],
  },
  'a batch of notifications, not answered': {
    sent: [[{ jsonrpc: '2.0', method: 'tell', params: ['b'] }], request(1, 'told')],
    received: [result(1, [['b']])],
  },
  'a notification, not answered': {
    sent: [{ jsonrpc: '2.0', method: 'tell', params: ['n'] }, request(1, 'told')],
    received: [result(1, [['n']])],
  },
  'an unknown notification, not answered': {
    sent: [
      { jsonrpc: '2.0', method: 'nope' },
      { jsonrpc: '2.0', method: '$/nope' },
      request(1, 'echo', [1]),
    ],
    received: [result(1, [1])],
  },
  'stray replies, not answered': {
    sent: [
      result(9, 1),
      { jsonrpc: '2.0', id: 9, error: { code: 1, message: 'x' } },
      request(1, 'echo', [1]),
    ],
    received: [result(1, [1])],
  },
  'a cancelled request': {
    sent: [request(1, 'never'), { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } }],
    received: [error(1, -32800)],
  },
  'cancelling nothing': {
    sent: [
      { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 99 } },
      { jsonrpc: '2.0', method: '$/cancelRequest' },
      request(1, 'echo', [1]),
    ],
    received: [result(1, [1])],
  },
  'a deadline': {
    sent: [request(1, 'never', [], { timeoutMs: 20 })],
    received: [error(1, -32002)],
  },
  'a deadline that is no number': {
    sent: [request(1, 'echo', [], { timeoutMs: 'soon' })],
    received: [error(1, -32600)],
  },
  'an endless deadline': {
    sent: [request(1, 'echo', [1], { timeoutMs: 1e300 })],
    received: [result(1, [1])],
  },
  'an id that is in use': {
    sent: [request(1, 'never'), request(1, 'echo', [])],
    received: [error(1, -32600)],
  },
  progress: {
    sent: [request(5, 'count', 2)],
    received: [
      { jsonrpc: '2.0', method: '$/progress', params: { token: 5, value: 1 } },
      { jsonrpc: '2.0', method: '$/progress', params: { token: 5, value: 2 } },
      result(5, 2),
    ],
  },
  'members nobody knows': {
    sent: [request(1, 'echo', [1], { __extra: {}, traceparent: '00-x' })],
    received: [result(1, [1])],
  },
  'large, but within the limit': {
    sent: [request(1, 'echo', ['x'.repeat(900_000)])],
    received: [result(1, ['x'.repeat(900_000)])],
  },
  'many at once': {
    sent: Array.from({ length: 300 }, (_, id) => request(id, 'echo', [id])),
    received: Array.from({ length: 300 }, (_, id) => result(id, [id])),
  },
}

describe('lines', () => {
  test.each(Object.entries(CASES))('%s', async (_name, { sent, received }) => {
    const { endpoint } = await startServer()
    const raw = await RawConnection.open(endpoint)
    raw.send(...sent)
    expect(await raw.lines(received.length)).toEqual(received)
    raw.send(request('last', 'echo', ['still there']))
    expect(await raw.line()).toEqual(result('last', ['still there']))
  })

  test.each(['{"jsonrpc": \n', '[1,\n', 'GET / HTTP/1.1\r\n', '\u0000\u0001\n', '{"a":1}}\n'])(
    'go on after %j',
    async (broken) => {
      const { endpoint } = await startServer()
      const raw = await RawConnection.open(endpoint)
      raw.write(broken)
      expect(await raw.line()).toEqual(error(null, -32700))
      raw.send(request(1, 'echo', [1]))
      expect(await raw.line()).toEqual(result(1, [1]))
    },
  )

  test('go on after one that is too large', async () => {
    const { endpoint } = await startServer()
    const raw = await RawConnection.open(endpoint)
    raw.send(request(1, 'echo', 'x'.repeat(1 << 20)), request(2, 'echo', [2]))
    expect(await raw.lines(2)).toEqual([
      { jsonrpc: '2.0', id: null, error: objectWith({ code: -32001 }) },
      result(2, [2]),
    ])
  })

  test('a peer that ends its side still gets its replies', async () => {
    const { endpoint } = await startServer()
    const raw = await RawConnection.open(endpoint)
    raw.send(request(1, 'count', 0), request(2, 'echo', [2]))
    raw.socket.end()
    expect(await raw.lines(2)).toEqual(inAnyOrder([result(1, 0), result(2, [2])]))
    await raw.ended
  })
})

describe('content-length', () => {
  test.each(Object.entries(CASES))('%s', async (_name, { sent, received }) => {
    const { endpoint } = await startServer()
    const raw = await RawConnection.open(endpoint)
    for (const message of [...sent, request('last', 'echo', ['still there'])]) {
      const body = JSON.stringify(message)
      raw.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    }
    const replies: unknown[] = []
    while (replies.length <= received.length) replies.push(await raw.framed())
    // A handler that takes its time may be overtaken by the last request.
    expect(replies).toEqual(inAnyOrder([...received, result('last', ['still there'])]))
  })

  test.each([
    ['Content-Length: 2147483648\r\n\r\n', -32001],
    ['Content-Length: abc\r\n\r\n', -32700],
    [`C${'x'.repeat(5000)}`, -32700],
  ])('%j is answered and ends the connection', async (header, code) => {
    const { endpoint } = await startServer()
    const raw = await RawConnection.open(endpoint)
    raw.write(header)
    expect(await raw.framed()).toEqual(error(null, code))
    await raw.ended
  })
})

describe('vscode-jsonrpc', () => {
  async function connected(): Promise<MessageConnection> {
    const { endpoint } = await startServer()
    const socket = connect(endpoint)
    await once(socket, 'connect')
    const connection = createMessageConnection(
      new StreamMessageReader(socket),
      new StreamMessageWriter(socket),
    )
    connection.listen()
    onTestFinished(() => {
      connection.dispose()
      socket.destroy()
    })
    return connection
  }

  test('requests, notifications, errors, cancellation and progress', async () => {
    const connection = await connected()
    expect(await connection.sendRequest('echo', { a: 'ü' })).toEqual({ a: 'ü' })
    await connection.sendNotification('tell', { n: 1 })
    expect(await connection.sendRequest('told')).toEqual([{ n: 1 }])
    await expect(connection.sendRequest('fail')).rejects.toMatchObject({
      code: -32000,
      message: 'failed',
      data: { code: 'E_TEST' },
    })
    await expect(connection.sendRequest('nope')).rejects.toMatchObject({ code: -32601 })
    const source = new CancellationTokenSource()
    const never = connection.sendRequest('never', {}, source.token)
    source.cancel()
    await expect(never).rejects.toMatchObject({ code: -32800 })
    const all = Array.from({ length: 200 }, (_, index) => index)
    expect(await Promise.all(all.map((n) => connection.sendRequest('echo', { n })))).toEqual(
      all.map((n) => ({ n })),
    )
  })

  test('progress under the id of the request', async () => {
    const connection = await connected()
    const values: number[] = []
    // Ids count from zero.
    connection.onProgress(new ProgressType<number>(), 0, (value) => void values.push(value))
    await connection.sendRequest('count', 3)
    expect(values).toEqual([1, 2, 3])
  })
})

describe('programs in other languages', () => {
  test('a raw socket in Python', async () => {
    const { endpoint } = await startServer()
    const script = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile('rw', encoding='utf-8', newline='\\n')
def call(id, method, params):
    f.write(json.dumps({'jsonrpc': '2.0', 'id': id, 'method': method, 'params': params}) + '\\n')
    f.flush()
    return json.loads(f.readline())
print(json.dumps([call(1, 'echo', {'a': 'ü'}), call(2, 'nope', [])['error']['code'], call('x', 'told', [])]))
`
    const { stdout } = await run('python3', ['-c', script, endpoint])
    expect(JSON.parse(stdout)).toEqual([result(1, { a: 'ü' }), -32601, result('x', [])])
  })

  test.each([
    ['nc', ['-U', '-N']],
    ['socat', ['-t5', '-']],
  ])('%s, which ends its side after the request', async (program, args) => {
    const { endpoint } = await startServer()
    const target = program === 'socat' ? `UNIX-CONNECT:${endpoint}` : endpoint
    const child = spawn(program, [...args, target])
    const failed = once(child, 'error').then(([reason]) => reason as NodeJS.ErrnoException)
    child.stdin.on('error', () => undefined)
    child.stdin.end(`${JSON.stringify(request(1, 'echo', ['from a shell']))}\n`)
    const output = child.stdout.toArray() as Promise<Buffer[]>
    const missing = await Promise.race([failed, once(child, 'close').then(() => undefined)])
    if (missing?.code === 'ENOENT') return
    expect(JSON.parse(Buffer.concat(await output).toString())).toEqual(result(1, ['from a shell']))
  })
})

describe('a client', () => {
  test('gives up on a server that could not read a request, and says what it said', async () => {
    const { createServer } = await import('node:net')
    const { home, server } = await startServer()
    // Stands in for the server on its own socket path.
    const endpoint = server.endpoint!
    const { instance } = (await pongOf(endpoint)) as { instance: string }
    await server.close()
    const impostor = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('$/ping')) {
          const pong = { name: 'cli-alpha', instance, pid: 1, maxMessageBytes: 1 << 20 }
          socket.write(`${JSON.stringify(result(0, pong))}\n`)
        } else
          socket.write(
            `${JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'garbled' } })}\n`,
          )
      })
    })
    impostor.listen(endpoint)
    await once(impostor, 'listening')
    onTestFinished(() => void impostor.close())
    const { createLocalDriver } = await import('../../src/drivers/local/local-driver.js')
    const driver = createLocalDriver({ home, namespace: '' })
    await driver.registry!.register({
      name: 'cli-alpha',
      instance,
      pid: process.pid,
      startedAt: 0,
      endpoint,
      metadata: {},
    })
    const client = new IPCClient('cli-alpha', { home })
    await expect(client.call('x')).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: containing('garbled'),
    })
    await client.close()
  })
})

async function pongOf(endpoint: string): Promise<unknown> {
  const raw = await RawConnection.open(endpoint)
  raw.send(request(1, '$/ping'))
  const pong = ((await raw.line()) as { result: unknown }).result
  raw.socket.destroy()
  return pong
}
