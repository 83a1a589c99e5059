import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { IPCClient } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nodeFileSystem } from '../../src/drivers/local/home/file-system.js'
import { pingEndpoint } from '../../src/drivers/local/rpc/ping-endpoint.js'
import { RPC_ERROR } from '../../src/rpc/contract/json-rpc.js'
import { type ForeignServer, reply, startForeignServer } from '../fixtures/start-foreign-server.js'
import { containing } from '../fixtures/matchers.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

async function clientOf(server: ForeignServer, options: object = {}): Promise<IPCClient> {
  const home = temporaryHome()
  await startForeignServer(home, 'foreign', server)
  const client = new IPCClient('foreign', { home, ...options })
  onTestFinished(() => client.close())
  return client
}

describe('a client of a server that is not of the kit', () => {
  test('is answered, whatever comes between', async () => {
    const client = await clientOf({
      onRequest: ({ id }, socket) => {
        socket.write('5\n"text"\nnull\n[]\n')
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: '$/unknown', params: {} })}\n`)
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: '$/progress', params: 7 })}\n`)
        socket.write(`${JSON.stringify(reply(999, 'nobody asked'))}\n`)
        socket.write(`${JSON.stringify(reply(id, 'answered'))}\n`)
        // Whoever repeats itself is not heard.
        socket.write(`${JSON.stringify(reply(id, 'again'))}\n`)
      },
    })
    expect(await client.call('x')).toBe('answered')
    expect(await client.call('x')).toBe('answered')
  })

  test.each<[string, (id: unknown) => object]>([
    ['an answer without content', (id) => reply(id, null)],
    ['another kind of answer', (id) => reply(id, { instance: 5 })],
    ['an answer that lacks a part', (id) => reply(id, { instance: 'x', name: 'foreign' })],
    ['an error', (id) => ({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no ping' } })],
  ])('takes %s to its ping for a sign of life', async (_what, pong) => {
    const client = await clientOf({
      pong,
      onRequest: ({ id }, socket) => socket.write(`${JSON.stringify(reply(id, 'fine'))}\n`),
    })
    expect(await client.call('x')).toBe('fine')
  })

  test('does not take a greeting for the answer to its ping', async () => {
    const facts = { name: 'foreign', instance: 'f'.repeat(12), pid: 1, maxMessageBytes: 9 }
    const client = await clientOf({
      greeting: { jsonrpc: '2.0', method: 'hello', params: {} },
      pong: (id) => reply(id, facts),
    })
    await expect(client.call('x', 1, { waitMs: 0 })).rejects.toMatchObject({ code: 'NO_RESPONDER' })
  })

  test('is told where the server gave up at the deadline', async () => {
    const error = { code: RPC_ERROR.deadline, message: 'too late' }
    const client = await clientOf({
      onRequest: ({ id }, socket) =>
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`),
    })
    await expect(client.call('x')).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
      message: containing('gave up on "x" at its deadline'),
    })
  })

  test('is not taken in by another instance at the place of the one that was registered', async () => {
    const facts = { name: 'foreign', instance: 'f'.repeat(12), pid: 1, maxMessageBytes: 9 }
    const client = await clientOf({ pong: (id) => reply(id, facts) })
    await expect(client.call('x', 1, { waitMs: 0 })).rejects.toMatchObject({ code: 'NO_RESPONDER' })
  })

  test.each([
    ['that is no JSON', 'what?\n', 'INVALID_MESSAGE', 'invalid JSON'],
    ['that is too large', `"${'x'.repeat(20_000)}"\n`, 'MESSAGE_TOO_LARGE', 'maxMessageBytes'],
  ])(
    'rejects all that is pending at a message %s, since it may have been its reply',
    async (...row) => {
      const [, text, code, message] = row
      let asked = 0
      const client = await clientOf(
        {
          onRequest: (_message, socket) => {
            asked += 1
            if (asked === 2) socket.write(text)
          },
        },
        { maxMessageBytes: 16_384 },
      )
      const ended = await Promise.allSettled([client.call('one'), client.call('two')])
      for (const end of ended)
        expect(end).toMatchObject({ reason: { code, message: containing(message) } })
    },
  )

  test.each<[string, object, string, string]>([
    ['an error of its own', { error: { code: -32000, message: 'mine' } }, 'REMOTE_ERROR', 'mine'],
    ['an error without a message', { error: { code: -32000 } }, 'INVALID_MESSAGE', 'invalid reply'],
    ['an error without a code', { error: { message: 'x' } }, 'INVALID_MESSAGE', 'invalid reply'],
    ['an error that is a text', { error: 'no' }, 'INVALID_MESSAGE', 'invalid reply'],
    ['neither result nor error', {}, 'INVALID_MESSAGE', 'invalid reply'],
  ])('rejects at %s, and does not wait for more', async (_what, answer, code, message) => {
    const client = await clientOf({
      onRequest: ({ id }, socket) =>
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`),
    })
    await expect(client.call('x')).rejects.toMatchObject({ code, message: containing(message) })
  })
})

describe('a ping', () => {
  const ping = (endpoint: string): Promise<string> => pingEndpoint(endpoint, nodeFileSystem)

  test('tells who answers from who does not, and both from nobody', async () => {
    const home = temporaryHome()
    const { endpoint } = await startForeignServer(home, 'alive')
    expect(await ping(endpoint)).toBe('answered')
    const silent = await startForeignServer(home, 'silent', {
      pong: () => reply('other', 'no pong'),
    })
    expect(await ping(silent.endpoint)).toBe('silent')
    expect(await ping(join(home, 'nothing.sock'))).toBe('gone')
    writeFileSync(join(home, 'file.sock'), '')
    expect(await ping(join(home, 'file.sock'))).toBe('gone')
  })

  test('takes who hangs up for gone', async () => {
    const home = temporaryHome()
    const endpoint = join(home, 'hangs-up.sock')
    const server = createServer((socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(endpoint, resolve))
    onTestFinished(() => void server.close())
    expect(await ping(endpoint)).toBe('gone')
  })
})
