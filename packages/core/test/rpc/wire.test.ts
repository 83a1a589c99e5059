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
import { containing } from '../fixtures/matchers.js'
import { RawConnection } from '../fixtures/raw-connection.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'
import { startServer } from './wire-server.js'

temporaryRuntime()

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
    expect(await connection.sendRequest('conformance/echo', { a: 'ü' })).toEqual({ a: 'ü' })
    await connection.sendNotification('conformance/note', { n: 1 })
    expect(await connection.sendRequest('conformance/noted')).toEqual([{ n: 1 }])
    await expect(connection.sendRequest('conformance/fail')).rejects.toMatchObject({
      code: -32000,
      message: 'failed',
      data: { code: 'E_TEST' },
    })
    await expect(connection.sendRequest('conformance-unknown')).rejects.toMatchObject({
      code: -32601,
    })
    const source = new CancellationTokenSource()
    const never = connection.sendRequest('conformance/wait', {}, source.token)
    source.cancel()
    await expect(never).rejects.toMatchObject({ code: -32800 })
    const all = Array.from({ length: 200 }, (_, index) => index)
    expect(
      await Promise.all(all.map((n) => connection.sendRequest('conformance/echo', { n }))),
    ).toEqual(all.map((n) => ({ n })))
  })

  test('progress under the id of the request', async () => {
    const connection = await connected()
    const values: number[] = []
    // Ids count from zero.
    connection.onProgress(new ProgressType<number>(), 0, (value) => void values.push(value))
    await connection.sendRequest('conformance/count', 3)
    expect(values).toEqual([1, 2, 3])
  })
})

describe('a client', () => {
  test('gives up on a server that could not parse a request, and reports what it said', async () => {
    const { createServer } = await import('node:net')
    const { home, server } = await startServer()
    // Replaces the server on its own socket path.
    const endpoint = server.endpoint!
    const { instance } = (await pongOf(endpoint)) as { instance: string }
    await server.close()
    const impostor = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        if (chunk.includes('$/ping')) {
          const pong = { name: 'cli-alpha', instance, pid: 1, maxMessageBytes: 1 << 20 }
          socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 0, result: pong })}\n`)
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
  raw.send({ jsonrpc: '2.0', id: 1, method: '$/ping' })
  const pong = ((await raw.line()) as { result: unknown }).result
  raw.socket.destroy()
  return pong
}
