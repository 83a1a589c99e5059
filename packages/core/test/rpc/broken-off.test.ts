import { IPCClient, IPCServer, type RequestContext } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { RawConnection } from '../fixtures/raw-connection.js'
import { reply, startForeignServer } from '../fixtures/start-foreign-server.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

async function startServer() {
  const home = temporaryHome()
  const server = new IPCServer('cli-alpha', { home, closeGraceMs: 50 })
  onTestFinished(() => server.close())
  const aborted: string[] = []
  server.handle('echo', (data) => data)
  server.handle('fill', () => 'x'.repeat(900_000))
  const count = async (_data: unknown, { progress, signal }: RequestContext): Promise<void> => {
    for (let n = 0; !signal.aborted; n += 1) {
      await progress(n)
      await new Promise(setImmediate)
    }
    aborted.push(String((signal.reason as { code?: unknown }).code))
  }
  server.handle('numbers', count)
  await server.ready
  const client = new IPCClient('cli-alpha', { home })
  onTestFinished(() => client.close())
  return { home, server, client, aborted, endpoint: server.endpoint! }
}

describe('a server is closed while', () => {
  test.each<[string, (raw: RawConnection) => unknown]>([
    ['says nothing', () => undefined],
    ['is in the midst of a line', (raw) => raw.write('{"jsonrpc":"2.0","id":1,')],
    ['is in the midst of a header', (raw) => raw.write('Content-Len')],
    ['owes most of a body', (raw) => raw.write('Content-Length: 1000000\r\n\r\n{')],
    ['is in the midst of a character', (raw) => raw.write(Buffer.from([0x22, 0xf0, 0x9f]))],
    ['has ended its side', (raw) => raw.socket.end()],
    ['has ended its side in the midst of a line', (raw) => raw.socket.end('{"id":')],
    [
      'reads nothing of what it asked for',
      (raw) => {
        raw.socket.pause()
        for (let id = 0; id < 20; id += 1) raw.send({ jsonrpc: '2.0', id, method: 'fill' })
      },
    ],
    [
      'reads nothing of a stream',
      (raw) => {
        raw.socket.pause()
        raw.send({ jsonrpc: '2.0', id: 1, method: 'numbers' })
      },
    ],
  ])('a peer %s, and blocks nobody', async (_name, act) => {
    const { server, client, endpoint } = await startServer()
    const raw = await RawConnection.open(endpoint)
    act(raw)
    expect(await client.call('echo', 1)).toBe(1)
    await server.close()
    raw.socket.resume()
    await raw.ended
  })

  test('it streams: its handler learns of it, and can still say how the stream ends', async () => {
    const { server, client, aborted } = await startServer()
    const seen: unknown[] = []
    const consuming = (async () => {
      for await (const value of client.stream('numbers')) {
        seen.push(value)
        if (value === 2) void server.close()
      }
    })()
    await consuming
    expect(seen.slice(0, 3)).toEqual([0, 1, 2])
    expect(aborted).toEqual(['CLOSED'])
  })

  test('it streams, and its handler ignores that: the consumer learns of it', async () => {
    const { server, client } = await startServer()
    server.handle('deaf', async (_data, { progress }) => {
      await progress(1)
      await new Promise(() => undefined)
    })
    const consuming = (async () => {
      for await (const value of client.stream('deaf')) if (value === 1) void server.close()
    })()
    await expect(consuming).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })
})

test('closing a client in the middle of a stream ends its consumer, and the handler learns of it', async () => {
  const { client, aborted } = await startServer()
  const consuming = (async () => {
    for await (const value of client.stream('numbers')) if (value === 2) await client.close()
  })()
  await expect(consuming).rejects.toMatchObject({ code: 'CLOSED' })
  await vi.waitUntil(() => aborted.length === 1, 20_000)
})

describe('a consumer of a stream asks for nothing more, and a full connection holds back its handler', () => {
  test.each<[string, (client: IPCClient, ending: AbortController) => unknown]>([
    ['the client is closed', (client) => client.close()],
    ['its signal is aborted', (_client, ending) => ending.abort()],
  ])('%s: the handler learns of it', async (_what, end) => {
    const { client, server } = await startServer()
    const held: Promise<unknown>[] = []
    const gone = new Promise<void>((resolve) => {
      server.handle('flood', async (_data, { progress, signal }) => {
        signal.addEventListener('abort', () => resolve())
        while (!signal.aborted) {
          const sent = progress('x'.repeat(10_000))
          held.push(sent)
          await sent
          await new Promise(setImmediate)
        }
      })
    })
    const ending = new AbortController()
    const stream = client.stream('flood', undefined, { signal: ending.signal })
    await stream.next()
    // Held back once no further value follows within several turns of the event loop.
    for (let seen = 0, turns = 0; turns < 100; turns += 1) {
      if (held.length > seen) turns = 0
      seen = held.length
      await new Promise(setImmediate)
    }
    await end(client, ending)
    await gone
  })
})

test('a peer that leaves in the middle of a stream aborts only its own handler', async () => {
  const { client, aborted, endpoint } = await startServer()
  const raw = await RawConnection.open(endpoint)
  raw.send({ jsonrpc: '2.0', id: 1, method: 'numbers' })
  await raw.lines(3)
  const other = client.stream('numbers')[Symbol.asyncIterator]()
  await other.next()
  raw.socket.destroy()
  await vi.waitUntil(() => aborted.length === 1, 20_000)
  expect(aborted).toEqual(['CONNECTION_LOST'])
  expect((await other.next()).done).toBe(false)
  await other.return?.(undefined)
})

test('lone surrogates come back as they were sent', async () => {
  const { client } = await startServer()
  const texts = ['\ud800', 'x\udc00', '\ude00\ud83d']
  expect(await client.call('echo', texts)).toEqual(texts)
})

test('a message that is late or has another id does not affect a stream', async () => {
  const home = temporaryHome()
  await startForeignServer(home, 'foreign', {
    onRequest: ({ id, method }, socket) => {
      if (method === '$/cancelRequest') return
      const progress = (token: unknown, value: unknown): void => {
        const params = { token, value }
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: '$/progress', params })}\n`)
      }
      progress(id, 'first')
      progress(String(id), 'of another type')
      progress(null, 'of nobody')
      progress(99, 'of another')
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', method: '$/progress', params: [id] })}\n`)
      socket.write(`${JSON.stringify([reply(id, 'in a batch')])}\n`)
      socket.write(`${JSON.stringify(reply(99, 'of another'))}\n`)
      socket.write(`${JSON.stringify(reply(id, 'last'))}\n`)
      progress(id, 'late')
      socket.write(`${JSON.stringify(reply(id, 'again'))}\n`)
    },
  })
  const client = new IPCClient('foreign', { home })
  onTestFinished(() => client.close())
  for (let round = 0; round < 3; round += 1) {
    const seen: unknown[] = []
    for await (const value of client.stream('x')) seen.push(value)
    expect(seen[0]).toBe('first')
    expect(seen.slice(1).filter((value) => value !== 'last')).toEqual([])
    expect(await client.call('x')).toBe('last')
  }
})
