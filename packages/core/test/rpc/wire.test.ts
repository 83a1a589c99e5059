import { once } from 'node:events'
import { connect } from 'node:net'
import { IPCClient } from '@cli-ops/shared-ipc'
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
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'
import { CASES, error, request, result, startServer } from './wire-cases.js'

temporaryRuntime()

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
