import {
  IPCClient,
  type IPCClientOptions,
  IPCServer,
  type IPCServerOptions,
} from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import * as z from 'zod'
import { containing, objectWith } from '../fixtures/matchers.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

function startServer(home: string, options: IPCServerOptions = {}): IPCServer {
  const server = new IPCServer('cli-alpha', { home, ...options })
  onTestFinished(() => server.close())
  return server
}

function startClient(home: string, options: IPCClientOptions = {}): IPCClient {
  const client = new IPCClient('cli-alpha', { home, ...options })
  onTestFinished(() => client.close())
  return client
}

/** The same tests over sockets and inside the process. */
describe.each(['local:', 'memory:'])('%s', (url) => {
  async function connected(serverOptions?: IPCServerOptions, clientOptions?: IPCClientOptions) {
    const home = temporaryHome()
    const server = startServer(home, { url, ...serverOptions })
    const client = startClient(home, { url, ...clientOptions })
    await server.ready
    return { home, server, client }
  }

  test('the sample of the original document runs as written', async () => {
    const { server, client } = await connected()
    const loadTasks = (): Promise<string[]> => Promise.resolve(['write', 'test'])
    server.on('request', async (data) => {
      if (data['action'] === 'get-tasks') {
        return { tasks: await loadTasks() }
      }
      return undefined
    })

    const response = await client.request({ action: 'get-tasks' })
    expect(response['tasks']).toEqual(['write', 'test'])
    expect(await client.request({ action: 'nothing' })).toBeNull()
  })

  test('many concurrent requests are each answered with their own result', async () => {
    const { server, client } = await connected()
    server.handle<number>('later', async (value) => {
      for (let turn = value % 7; turn > 0; turn -= 1) await new Promise(setImmediate)
      return value
    })
    const values = Array.from({ length: 500 }, (_, index) => index)
    expect(await Promise.all(values.map((value) => client.call('later', value)))).toEqual(values)
  })

  test.each([
    [
      'an error',
      (): unknown => new Error('no such task'),
      { code: -32000, message: 'no such task' },
    ],
    [
      'an error with a code',
      (): unknown => Object.assign(new Error('gone'), { code: 'ENOENT' }),
      { code: -32000, message: 'gone', data: { code: 'ENOENT' } },
    ],
    ['a string', (): unknown => 'nope', { code: -32000, message: 'nope' }],
    ['nothing', (): unknown => undefined, { code: -32000, message: 'the handler failed' }],
  ])('a handler that throws %s fails the request, without a stack', async (_name, make, error) => {
    const { server, client } = await connected()
    server.handle('sync', () => {
      throw make()
    })
    server.handle('async', () => Promise.reject(make() as Error))
    for (const method of ['sync', 'async']) {
      const failure = await client.call(method).catch((thrown: unknown) => thrown)
      expect(failure).toMatchObject({ code: 'REMOTE_ERROR', details: { method, error } })
      expect(JSON.stringify((failure as { details: unknown }).details)).not.toContain('at ')
    }
  })

  test.each(['get-tasks', 'constructor', '__proto__', 'toString', 'hasOwnProperty', '$/unknown'])(
    'the method %j does not exist unless it was added',
    async (method) => {
      const { server, client } = await connected()
      server.handle('other', () => 1)
      await expect(client.call(method)).rejects.toMatchObject({
        code: 'REMOTE_ERROR',
        details: { error: { code: -32601 } },
      })
    },
  )

  test('names of prototypes are ordinary methods when they were added', async () => {
    const { server, client } = await connected()
    server.handle('__proto__', () => 'proto').handle('constructor', () => 'constructor')
    expect(await client.call('__proto__')).toBe('proto')
    expect(await client.call('constructor')).toBe('constructor')
  })

  test('parameters cannot reach a prototype', async () => {
    const { server, client } = await connected()
    let merged: Record<string, unknown> = {}
    server.handle<object>('merge', (data) => {
      merged = Object.assign({}, data) as Record<string, unknown>
    })
    const hostile: unknown = JSON.parse(
      '{"a":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1},"b":1}',
    )
    await client.call('merge', hostile)
    expect(merged['polluted']).toBeUndefined()
    expect(merged).toEqual({ a: {}, b: 1 })
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
  })

  test('schemas check parameters and results and type the handler', async () => {
    const { server, client } = await connected()
    const called = vi.fn()
    server.handle(
      'add',
      { input: z.object({ a: z.number(), b: z.coerce.number() }), output: z.number() },
      ({ a, b }) => {
        called()
        return a + b
      },
    )
    server.handle('broken', { output: z.number() }, () => 'no number' as unknown as number)
    server.handle(
      'async',
      { input: z.string().refine((text) => Promise.resolve(text !== 'bad')) },
      (text) => text.length,
    )

    expect(await client.call<number>('add', { a: 1, b: '2' })).toBe(3)
    server.handle('length', { input: z.string(), handler: (text) => text.length })
    expect(await client.call('length', 'four')).toBe(4)
    await expect(client.call('length', 4)).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
    expect(await client.call('async', 'good')).toBe(4)
    expect(called).toHaveBeenCalledTimes(1)
    await expect(client.call('add', { a: 'x', b: 1 })).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      message: containing('a: '),
      details: { error: { code: -32602 } },
    })
    await expect(client.call('async', 'bad')).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
    expect(called).toHaveBeenCalledTimes(1)
    await expect(client.call('broken')).rejects.toMatchObject({
      code: 'REMOTE_ERROR',
      details: { error: { code: -32603 } },
    })
  })

  test('a result that is not JSON is refused and not mangled', async () => {
    const { server, client } = await connected()
    server.handle('map', () => ({ tasks: new Map() }))
    await expect(client.call('map')).rejects.toThrow('the result.tasks must be JSON, got a Map')
  })

  test('aborting rejects with the reason and aborts the handler', async () => {
    const { server, client } = await connected()
    const began = withResolvers<AbortSignal>()
    server.handle('never', (_data, { signal }) => {
      began.resolve(signal)
      return new Promise(() => undefined)
    })
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const request = client.call('never', null, { signal: abort.signal })
    const seen = await began.promise
    const aborted = new Promise((resolve) => seen.addEventListener('abort', resolve))
    abort.abort(reason)
    await expect(request).rejects.toBe(reason)
    await aborted
    // The connection continues.
    server.handle('after', () => 'fine')
    expect(await client.call('after')).toBe('fine')
  })

  // Three requests share one new connection; serialising the first one's parameters runs between its opening and the
  // other two.
  test('a caller that gives up when the connection has just opened sends nothing', async () => {
    const { server, client } = await connected()
    const handled: unknown[] = []
    server.handle('note', (data) => {
      handled.push(data)
      return data
    })
    const abort = new AbortController()
    const reason = new Error('enough')
    let isConnecting = false
    const giveUp = {
      get text() {
        if (isConnecting) abort.abort(reason)
        return 'first'
      },
    }
    const first = client.call('note', giveUp)
    const others = Promise.allSettled([
      client.call('note', 'second', { signal: abort.signal }),
      client.notify('note', 'third', { signal: abort.signal }),
    ])
    isConnecting = true
    expect(await others).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    expect(await first).toEqual({ text: 'first' })
    expect(await client.call('note', 'last')).toBe('last')
    expect(handled).toEqual([{ text: 'first' }, 'last'])
  })

  test('requests that a closed client has not sent yet fail as closed, not with an unknown outcome', async () => {
    const { server, client } = await connected()
    server.handle('note', (data) => data)
    let isConnecting = false
    const closeClient = {
      get text() {
        if (isConnecting) void client.close()
        return 'first'
      },
    }
    const requests = Promise.allSettled([
      client.call('note', closeClient),
      client.call('note', 'second'),
      client.notify('note', 'third'),
    ])
    isConnecting = true
    for (const request of await requests)
      expect(request).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } })
  })

  test('an aborted signal sends nothing', async () => {
    const { server, client } = await connected()
    const handler = vi.fn()
    server.handle('x', handler)
    const reason = new Error('too late')
    await expect(client.call('x', 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await client.call('x', 2)
    expect(handler).toHaveBeenCalledTimes(1)
  })

  test('a deadline rejects the request, stops the handler and is known to it', async () => {
    const { server, client } = await connected()
    let signal: AbortSignal | undefined
    const stopped = withResolvers()
    server.handle('never', (_data, context) => {
      signal = context.signal
      signal.addEventListener('abort', () => stopped.resolve(signal?.reason))
      return new Promise(() => undefined)
    })
    await expect(client.call('never', null, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'REQUEST_TIMEOUT',
      // Whose timer fires first, the client's or the server's, is random.
      message: expect.stringMatching(/may still have done it|the outcome is unknown/u) as string,
    })
    // Where the client's is first, its cancellation can be, too.
    const { name, code } = (await stopped.promise) as { name: string; code: unknown }
    expect(name === 'AbortError' ? name : code).toMatch(
      /REQUEST_TIMEOUT|CONNECTION_LOST|AbortError/u,
    )
  })

  test('the trace context reaches the handler', async () => {
    const { server, client } = await connected()
    server.handle('trace', (_data, { traceparent, client: { id } }) => [traceparent ?? null, id])
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    expect(await client.call('trace', null, { traceparent })).toEqual([traceparent, 1])
    expect(await client.call('trace')).toEqual([null, 1])
    await expect(client.call('trace', null, { traceparent: 'nonsense' })).rejects.toThrow(TypeError)
  })

  test('a notification arrives and is not answered', async () => {
    const { server, client } = await connected()
    const seen = withResolvers()
    server.handle('tell', (data) => {
      seen.resolve(data)
    })
    await client.notify('tell', { a: 1 })
    expect(await seen.promise).toEqual({ a: 1 })
  })

  test('a stream yields what the handler reports, then returns its result', async () => {
    const { server, client } = await connected()
    server.handle<number>('count', async (to, { progress }) => {
      for (let value = 1; value <= to; value += 1) await progress(value)
      return 'counted'
    })
    const stream = client.stream<number>('count', 1000)
    const values: number[] = []
    let result = await stream.next()
    for (; result.done !== true; result = await stream.next()) values.push(result.value)
    expect(values).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    expect(result.value).toBe('counted')
  })

  test('leaving a stream stops its handler', async () => {
    const { server, client } = await connected()
    const stopped = withResolvers()
    server.handle('endless', async (_data, { progress, signal }) => {
      signal.addEventListener('abort', () => stopped.resolve(undefined))
      for (let value = 0; !signal.aborted; value += 1) {
        await progress(value)
        await new Promise(setImmediate)
      }
    })
    for await (const value of client.stream<number>('endless')) if (value >= 3) break
    await stopped.promise
  })

  test('a stream whose handler fails throws after the values', async () => {
    const { server, client } = await connected()
    server.handle('fails', async (_data, { progress }) => {
      await progress('first')
      throw new Error('then this')
    })
    const stream = client.stream('fails')
    expect(await stream.next()).toEqual({ done: false, value: 'first' })
    await expect(stream.next()).rejects.toMatchObject({ code: 'REMOTE_ERROR' })
    expect((await stream.next()).done).toBe(true)
  })

  test('a slow consumer of a stream holds its handler back', async () => {
    const { server, client } = await connected({
      maxUnreadBytes: 1 << 20,
      maxMessageBytes: 1 << 20,
    })
    let sent = 0
    const filler = 'x'.repeat(10_000)
    server.handle('flood', async (_data, { progress, signal }) => {
      for (; sent < 5000 && !signal.aborted; sent += 1) await progress(filler)
    })
    const stream = client.stream('flood')
    await stream.next()
    // Everything that will be sent before the next value is taken.
    let before: number
    do {
      before = sent
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate)
    } while (sent !== before)
    expect(sent).toBeLessThan(5000)
    let count = 1
    for await (const value of stream) count += (value as string).length / filler.length
    expect(count).toBe(5000)
  })

  test('messages over the limit are refused on the side that creates them', async () => {
    const { server, client } = await connected(
      { maxMessageBytes: 20_000 },
      { maxMessageBytes: 50_000 },
    )
    server.handle('echo', (data) => data)
    server.handle('big', () => 'x'.repeat(30_000))
    for (const [method, data] of [
      ['echo', 'x'.repeat(60_000)],
      ['echo', 'x'.repeat(30_000)],
      ['big', null],
    ]) {
      await expect(client.call(method!, data)).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
    }
    // The connection still works.
    expect(await client.call('echo', 'é'.repeat(5000))).toBe('é'.repeat(5000))
  })

  test('at most maxInFlight handlers run together and all requests are answered', async () => {
    const { server, client } = await connected({ maxInFlight: 3 })
    let running = 0
    let most = 0
    server.handle('work', async (value) => {
      most = Math.max(most, (running += 1))
      await new Promise(setImmediate)
      running -= 1
      return value
    })
    const values = Array.from({ length: 100 }, (_, index) => index)
    expect(await Promise.all(values.map((value) => client.call('work', value)))).toEqual(values)
    expect(most).toBe(3)
  })

  test('a closing server lets handlers finish and refuses new requests as not begun', async () => {
    const { server, client } = await connected()
    const began = withResolvers()
    const gate = withResolvers()
    const later = vi.fn()
    server.handle('slow', async () => {
      began.resolve(undefined)
      await gate.promise
      return 'finished'
    })
    server.handle('later', later)
    const slow = client.call('slow')
    await began.promise
    const closed = server.close()
    // Sent before the client can know, and after.
    const refused = await Promise.all(
      [0, 1, 2].map(async (turn) => {
        for (let index = 0; index < turn * 10; index += 1) await new Promise(setImmediate)
        return client.call('later').catch((error: unknown) => error)
      }),
    )
    for (const error of refused)
      expect(error).toMatchObject({ code: 'NO_RESPONDER', retryable: true })
    gate.resolve(undefined)
    expect(await slow).toBe('finished')
    await closed
    expect(later).not.toHaveBeenCalled()
    await expect(client.call('later')).rejects.toMatchObject({ code: 'NO_RESPONDER' })
  })

  test('a handler that does not end is aborted after the grace', async () => {
    const { server, client } = await connected({ closeGraceMs: 20 })
    let reason: unknown
    const began = withResolvers()
    server.handle('never', (_data, { signal }) => {
      began.resolve(undefined)
      signal.addEventListener('abort', () => {
        reason = signal.reason
      })
      return new Promise(() => undefined)
    })
    const request = client.call('never').catch((error: unknown) => error)
    await began.promise
    await server.close()
    expect(reason).toMatchObject({ code: 'CLOSED' })
    expect(await request).toMatchObject({ code: 'CONNECTION_LOST' })
  })

  test('closing a client rejects pending and later requests', async () => {
    const { server, client } = await connected()
    const began = withResolvers()
    server.handle('never', () => {
      began.resolve(undefined)
      return new Promise(() => undefined)
    })
    const pending = client.call('never').catch((error: unknown) => error)
    await began.promise
    await client.close()
    expect(await pending).toMatchObject({ code: 'CLOSED' })
    await expect(client.call('x')).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('the next request after a server has gone reaches its successor', async () => {
    const { home, server, client } = await connected()
    server.handle('who', () => 'first')
    expect(await client.call('who')).toBe('first')
    await server.close()
    const second = startServer(home, { url })
    second.handle('who', () => 'second')
    await second.ready
    expect(await client.call('who')).toBe('second')
  })

  test('waits for a server to appear if told to', async () => {
    const home = temporaryHome()
    const client = startClient(home, { url })
    const answer = client.call('who', null, { waitMs: 20_000 })
    // A request that does not wait fails meanwhile, whether the other one's search is in progress or not.
    const other = startClient(home, { url })
    await expect(other.call('who')).rejects.toMatchObject({
      code: 'NO_RESPONDER',
      message: containing('no "cli-alpha" is running'),
    })
    const server = startServer(home, { url })
    server.handle('who', () => 'here at last')
    expect(await answer).toBe('here at last')
  })

  test('gives up waiting for a server after waitMs', async () => {
    const client = startClient(temporaryHome(), { url, waitMs: 30 })
    await expect(client.call('who')).rejects.toMatchObject({ code: 'NO_RESPONDER' })
  })

  test('says who is running instead', async () => {
    const home = temporaryHome()
    const beta = new IPCServer('cli-beta', { home, url })
    onTestFinished(() => beta.close())
    await beta.ready
    await expect(startClient(home, { url }).request({})).rejects.toThrow(
      'no "cli-alpha" is running; start it and try again (running now: cli-beta)',
    )
  })

  test('two servers with one name in one process are two instances', async () => {
    const { home, server } = await connected()
    server.handle('who', () => 1)
    const second = startServer(home, { url })
    second.handle('who', () => 2)
    await second.ready
    expect(second.endpoint).not.toBe(server.endpoint)
    const ask = (pick: 'oldest' | 'newest'): Promise<unknown> =>
      startClient(home, { url, pick }).call('who')
    expect(new Set([await ask('oldest'), await ask('newest')])).toEqual(new Set([1, 2]))
    await server.close()
    expect(await ask('oldest')).toBe(2)
  })
})

test('a disabled server and client do nothing, and nothing answers', async () => {
  const server = new IPCServer('cli-alpha', { disabled: true })
  const client = new IPCClient('cli-alpha', { disabled: true })
  await server.ready
  await expect(client.request({})).rejects.toMatchObject({ code: 'NO_RESPONDER' })
  await Promise.all([client.close(), server.close()])
})

describe('wrong arguments', () => {
  const home = '/nonexistent/never-touched'
  test.each<[string, () => unknown]>([
    ['name must not be empty', () => new IPCServer('', { home })],
    [
      'maxMessageBytes must be an integer of at least 16384',
      () => new IPCServer('a', { home, maxMessageBytes: 10 }),
    ],
    [
      'maxUnreadBytes must be an integer of at least 20000',
      () => new IPCClient('a', { home, maxMessageBytes: 20000, maxUnreadBytes: 19999 }),
    ],
    [
      'maxInFlight must be an integer of at least 1',
      () => new IPCServer('a', { home, maxInFlight: 0 }),
    ],
    [
      'closeGraceMs must be a number of milliseconds',
      () => new IPCServer('a', { home, closeGraceMs: -1 }),
    ],
    [
      'keepAlive must be true or false',
      () => new IPCServer('a', { home, keepAlive: 1 as unknown as boolean }),
    ],
    [
      'timeoutMs must be a number of milliseconds',
      () => new IPCClient('a', { home, timeoutMs: NaN }),
    ],
    [
      'pick must be one of oldest, newest, random, got "best"',
      () => new IPCClient('a', { home, pick: 'best' as 'oldest' }),
    ],
  ])('%s', (message, make) => {
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  test('are refused before anything happens', async () => {
    const client = new IPCClient('cli-alpha', { home })
    await expect(client.call('x', { f: () => 1 })).rejects.toThrow(
      'params.f must be JSON, got a function',
    )
    await expect(client.call('x', 10n)).rejects.toThrow(TypeError)
    await expect(client.call('')).rejects.toThrow('method must not be empty')
    await expect(client.call('x', 1, { timeoutMs: -1 })).rejects.toThrow('timeoutMs')
    await expect(client.call('x', 1, { signal: {} as AbortSignal })).rejects.toThrow(
      'signal must be an AbortSignal',
    )
    expect(() => client.stream('\n')).toThrow(TypeError)
    await client.close()
  })

  test('of a server are refused', async () => {
    const server = new IPCServer('cli-alpha', { url: 'memory:', home: temporaryHome() })
    onTestFinished(() => server.close())
    server.on('request', () => 1)
    expect(() => server.on('request', () => 2)).toThrow('method "request" already has a handler')
    expect(() => server.on('data' as 'request', () => 2)).toThrow(
      'event must be "request", got "data"',
    )
    expect(() => server.handle('$/x', () => 1)).toThrow('must not begin with')
    expect(() => server.handle('x', 1 as never)).toThrow(TypeError)
    expect(() => server.handle('x', { input: {} as never }, () => 1)).toThrow(
      'input must be a Standard Schema',
    )
    expect(() => server.handle('x', (() => 1) as never, {} as never)).toThrow(
      'schemas must come before the handler',
    )
    await server.ready
    await server.close()
    const closed = objectWith({ code: 'CLOSED' })
    expect(() => server.handle('x', () => 1)).toThrow(closed)
    expect(() => server.on('request', () => 1)).toThrow(closed)
  })
})

interface Resolvers<T> {
  promise: Promise<T>
  resolve: (value: T) => void
}

function withResolvers<T = unknown>(): Resolvers<T> {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
