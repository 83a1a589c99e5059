import {
  EventBus,
  IPCClient,
  IPCServer,
  LockManager,
  ServiceRegistry,
  type StandardSchema,
} from '@cli-ops/shared-ipc'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { errorText } from '../../src/base/errors/error-text.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

/** Something that cannot be made a text. */
const unprintable = (): unknown => Object.create(null)
const throwIt = (what: unknown): never => {
  throw what as Error
}

/** What can go wrong in a function that is not the kit's own. */
const FAILURES: readonly (readonly [name: string, fail: () => unknown])[] = [
  ['throws an error', () => throwIt(new Error('boom'))],
  ['throws nothing', () => throwIt(undefined)],
  ['throws what cannot be written', () => throwIt(unprintable())],
  ['rejects', () => Promise.reject(new Error('boom'))],
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  ['rejects with what cannot be written', () => Promise.reject(unprintable())],
  ['returns a promise whose then() throws', () => ({ then: () => throwIt(new Error('boom')) })],
  [
    'returns what throws when its then is looked for',
    () => ({
      get then(): never {
        return throwIt(new Error('boom'))
      },
    }),
  ],
  ['throws null', () => throwIt(null)],
  ['throws a symbol', () => throwIt(Symbol('boom'))],
  ['throws an error whose facts throw', () => throwIt(withThrowingFacts(new Error('boom')))],
  ['throws an error of another realm, sealed', () => throwIt(Object.freeze(foreignError()))],
  ['throws what no trap lets be looked at', () => throwIt(untouchable())],
  ['throws a revoked proxy', () => throwIt(revoked())],
  [
    'throws what cannot become a primitive',
    () => throwIt({ [Symbol.toPrimitive]: () => throwIt(new Error('again')) }),
  ],
  ['returns a promise whose methods are not its own', () => impostor()],
  ['returns what no trap lets be looked at', () => untouchable()],
  [
    'returns a promise of another library that rejects twice',
    () => ({
      then: (_resolve: unknown, reject: (error: unknown) => void) => {
        reject(new Error('boom'))
        reject(new Error('again'))
      },
    }),
  ],
]

const FACTS = ['message', 'stack', 'code', 'name', 'cause', 'details', 'retryable', 'then'] as const

function withThrowingFacts(error: Error): Error {
  for (const fact of FACTS)
    Object.defineProperty(error, fact, { get: () => throwIt(new Error(fact)) })
  return error
}

const foreignError = (): object => runInNewContext('new TypeError("boom")') as object

/** A proxy each of whose traps throws. */
function untouchable(): unknown {
  const trap = (): never => throwIt(new Error('a trap'))
  const traps = Object.getOwnPropertyNames(Reflect).map((name) => [name, trap] as const)
  return new Proxy({}, Object.fromEntries(traps))
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** A promise that rejects, and whose methods somebody has replaced. */
function impostor(): Promise<never> {
  const promise = Promise.reject(new Error('boom'))
  promise.catch(() => undefined)
  return Object.assign(promise, { catch: 7, finally: 7 })
}

/** Objects that throw when they are looked at. */
const hostile = (): readonly unknown[] => [
  { toJSON: () => throwIt(unprintable()) },
  { toJSON: () => throwIt(null) },
  { toJSON: () => throwIt(untouchable()) },
  {
    get a(): never {
      return throwIt(new Error('boom'))
    },
  },
  {
    get a(): never {
      return throwIt(Symbol('boom'))
    },
  },
  new Proxy({}, { ownKeys: () => throwIt(new Error('boom')) }),
  untouchable(),
  { a: [untouchable()] },
  revoked(),
]

const schemaOf = (check: () => unknown): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: check as () => never },
})

/** Further ways for a schema not to be one. */
const WRONG_RESULTS: readonly (readonly [name: string, result: () => unknown])[] = [
  ['says nothing', () => undefined],
  ['says null', () => Promise.resolve(null)],
  ['has issues that are no list', () => ({ issues: 7 })],
  ['has an issue that is nothing', () => ({ issues: [null] })],
  ['has an issue without a message', () => ({ issues: [{ path: [null, Symbol('x'), {}] }] })],
]

function open(schema?: StandardSchema, home = temporaryHome()): EventBus {
  const bus = new EventBus({ home, rateLimit: false, ...(schema && { schemas: { n: schema } }) })
  onTestFinished(() => bus.close({ drainMs: 0 }))
  return bus
}

function silenceStderr(): void {
  const spy = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => spy.mockRestore())
}

// A test fails by itself where something is rejected and nobody listens.
describe.each(FAILURES)('what %s', (_name, fail) => {
  test('as a handler ends neither its subscription nor anybody else’s', async () => {
    silenceStderr()
    const bus = open()
    const [calls, seen, grouped]: unknown[][] = [[], [], []]
    bus.on('n', (n) => {
      calls!.push(n)
      return fail()
    })
    bus.on('n', (n) => seen!.push(n))
    const handleInGroup = (n: unknown): unknown => {
      grouped!.push(n)
      return n === 1 ? fail() : undefined
    }
    bus.on('n', handleInGroup, { group: 'g', maxAttempts: 1 })
    for (const n of [1, 2]) await bus.emit('n', n)
    await vi.waitUntil(() => grouped!.length === 2, 20_000)
    expect([calls, seen, grouped]).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
  })

  test('as onError ends neither its subscription nor the process', async () => {
    silenceStderr()
    const bus = open()
    const calls: unknown[] = []
    const [plain, grouped]: unknown[][] = [[], []]
    const failing = (seen: unknown[]) => (n: unknown) => {
      seen.push(n)
      throw new Error('as it must')
    }
    const onError = (): unknown => {
      calls.push('told')
      return fail()
    }
    bus.on('n', failing(plain!), { onError })
    bus.on('n', failing(grouped!), { group: 'g', maxAttempts: 1, onError })
    for (const n of [1, 2]) await bus.emit('n', n)
    await vi.waitUntil(() => calls.length === 4, 20_000)
    expect([plain, grouped]).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('as onGap ends no subscription', async () => {
    silenceStderr()
    const home = temporaryHome()
    const bus = new EventBus({ home, rateLimit: false, maxBytes: 65_536 })
    onTestFinished(() => bus.close())
    const { cursor } = await bus.emit('n', 'first')
    for (let count = 0; count < 60; count += 1) await bus.emit('n', 'x'.repeat(5000))
    const seen: unknown[] = []
    const onGap = (): never => fail() as never
    bus.on('n', (data) => seen.push(data), { from: cursor, onGap })
    for await (const { data } of bus.subscribe('n', { from: cursor, onGap, wait: false }))
      seen.push(data)
    await bus.emit('n', 'last')
    await vi.waitUntil(() => seen.includes('last'), 20_000)
  })

  test('as a schema is a schema that refuses: at emit, for subscribers, for those who read', async () => {
    silenceStderr()
    const home = temporaryHome()
    const foreign = open(undefined, home)
    const bus = open(schemaOf(fail), home)
    const outcome = await Promise.resolve()
      .then(() => bus.emit('n', 1))
      .then(
        () => 'resolved',
        (error: unknown) => (error as { code: string }).code,
      )
    expect(outcome).toBe('INVALID_MESSAGE')
    const seen: unknown[] = []
    const refused: unknown[] = []
    bus.on('*', (data) => seen.push(data), { onError: (_error, { data }) => refused.push(data) })
    await foreign.emit('n', 1)
    await foreign.emit('other', 2)
    await vi.waitUntil(() => seen.length > 0, 20_000)
    expect([seen, refused]).toEqual([[2], [1]])
    expect((await bus.read('*')).map(({ data }) => data)).toEqual([2])
  })

  test('as the handler or the schema of a request is an error reply', async () => {
    const home = temporaryHome()
    const server = new IPCServer('srv', { home, onError: () => fail() })
    server.handle('plain', () => fail())
    server.handle('checked', { input: schemaOf(fail) }, () => 'never')
    server.handle('fine', () => 'fine')
    onTestFinished(() => server.close())
    await server.ready
    const client = new IPCClient('srv', { home })
    onTestFinished(() => client.close())
    await expect(client.call('plain')).rejects.toMatchObject({ code: 'REMOTE_ERROR' })
    await expect(client.call('checked')).rejects.toMatchObject({ code: 'INVALID_MESSAGE' })
    expect(await client.call('fine')).toBe('fine')
  })
})

test.each(WRONG_RESULTS)('a schema that %s refuses', async (_name, result) => {
  await expect(open(schemaOf(result)).emit('n', 1)).rejects.toMatchObject({
    code: 'INVALID_MESSAGE',
  })
})

test.each<[string, () => unknown, RegExp]>([
  ['is too large', () => 'x'.repeat(2_000_000), /larger than|too large/u],
  [
    'is no JSON at the second look',
    () => {
      let looks = 0
      return {
        get a(): number {
          return looks++ === 0 ? 1 : throwIt(new Error('boom'))
        },
      }
    },
    /boom/u,
  ],
])('a result that %s is told at the server as well', async (_name, result, reason) => {
  const home = temporaryHome()
  const told: unknown[] = []
  const onError = (error: unknown, { method }: { method: string }): void =>
    void told.push(method, errorText(error))
  const server = new IPCServer('srv', { home, onError })
  server.handle('x', result)
  onTestFinished(() => server.close())
  await server.ready
  const client = new IPCClient('srv', { home })
  onTestFinished(() => client.close())
  await expect(client.call('x')).rejects.toThrow(reason)
  expect(told).toEqual(['x', expect.stringMatching(reason)])
})

test('of a schema with very many issues the first are told, and how many more there are', async () => {
  const issues = Array.from({ length: 100_000 }, (_, index) => ({ message: 'no', path: [index] }))
  await expect(open(schemaOf(() => ({ issues }))).emit('n', 1)).rejects.toMatchObject({
    details: { reason: expect.stringMatching(/^0: no; .*; 9: no; and 99990 more$/u) as string },
  })
})

test('what is no JSON is refused wherever it is given, by getters and toJSON that throw as well', async () => {
  const home = temporaryHome()
  const bus = open(undefined, home)
  const registry = new ServiceRegistry({ home })
  onTestFinished(() => registry.close())
  for (const data of hostile()) {
    await expect(bus.emit('n', data)).rejects.toThrow(/^data.* must be JSON, got an error/u)
    expect(() => bus.emitSync('n', data)).toThrow(TypeError)
    await expect(registry.register('x', { data })).rejects.toThrow(TypeError)
    await expect(new IPCClient('x', { home }).call('y', data)).rejects.toThrow(TypeError)
  }
  expect(await bus.read('*')).toEqual([])
})

test('what was judged is what is stored, so that its subscribers are given it', async () => {
  const date = schemaOf(() => undefined)
  Object.assign(date['~standard'], {
    validate: (value: unknown) =>
      value instanceof Date ? { value } : { issues: [{ message: 'no date' }] },
  })
  await expect(open(date).emit('n', new Date())).rejects.toMatchObject({
    code: 'INVALID_MESSAGE',
    message: expect.stringContaining('in its stored form, after JSON: no date') as string,
  })
})

test.each([
  [new Error('an error'), 'an error'],
  ['a text', 'a text'],
  [{ message: 'like an error' }, 'like an error'],
  [undefined, 'undefined'],
  [Symbol('x'), 'Symbol(x)'],
  [unprintable(), 'a value that cannot be printed'],
  [
    Object.defineProperty({}, 'message', { get: () => throwIt(1) }),
    'a value that cannot be printed',
  ],
])('the text of an error is had of anything that can be thrown', (error, text) => {
  expect(errorText(error)).toBe(text)
})

test.each([
  ['that only inherits from one', (): unknown => Object.create(AbortSignal.prototype)],
  ['whose facts cannot be looked at', () => untouchable()],
  ['that is another object', () => ({ aborted: false, addEventListener: () => undefined })],
])('a signal %s is refused before anything has begun', async (_name, make) => {
  const home = temporaryHome()
  const bus = open(undefined, home)
  const locks = new LockManager({ home })
  const client = new IPCClient('srv', { home })
  onTestFinished(() => client.close())
  const signal = make() as AbortSignal
  const held = await locks.lock('db')
  const seen: unknown[] = []
  const calls: readonly (() => unknown)[] = [
    () => bus.emit('n', 1, { signal }),
    () => bus.on('n', (data) => seen.push(data), { signal }),
    () => bus.subscribe('n', { signal }),
    () => bus.once('n', { signal }),
    () => bus.read('n', { signal }),
    () => locks.lock('db', { signal }),
    () => locks.tryLock('db', { signal }),
    () => client.call('x', {}, { signal }),
    () => client.stream('x', {}, { signal }).next(),
  ]
  for (const call of calls) await expect(async () => call()).rejects.toThrow(/^signal must be/u)
  expect((await locks.list()).flatMap(({ waiting }) => waiting)).toEqual([])
  await held.release()
  await bus.emit('n', 2)
  expect(seen).toEqual([])
  expect((await bus.read('n')).map(({ data }) => data)).toEqual([2])
})

test.each([null, undefined, Symbol('why'), 'a text', untouchable()])(
  'whatever a signal is aborted with is what its call ends with',
  async (reason) => {
    const home = temporaryHome()
    const bus = open(undefined, home)
    const locks = new LockManager({ home })
    const held = await locks.lock('db')
    const server = new IPCServer('srv', { home, closeGraceMs: 0 })
    server.handle('never', () => new Promise(() => undefined))
    onTestFinished(() => server.close())
    await server.ready
    const client = new IPCClient('srv', { home })
    onTestFinished(() => client.close())
    const calls: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
      (signal) => bus.once('n', { signal }),
      (signal) => locks.lock('db', { signal }),
      (signal) => client.call('never', {}, { signal }),
      (signal) => client.stream('never', {}, { signal }).next(),
    ]
    for (const call of calls) {
      const ending = new AbortController()
      const called = call(ending.signal).then(
        () => ['resolved'],
        (error: unknown) => ['rejected', error === ending.signal.reason],
      )
      setImmediate(() => ending.abort(reason))
      expect(await called).toEqual(['rejected', true])
    }
    await held.release()
    expect(await locks.isLocked('db')).toBe(false)
  },
)

test('progress that is no JSON fails its request alone, and a promise that is never settled keeps nobody else', async () => {
  const home = temporaryHome()
  const server = new IPCServer('srv', { home, closeGraceMs: 0, onError: () => undefined })
  const values = [...hostile(), new Map(), 1n, () => undefined]
  for (const [index, value] of values.entries())
    server.handle(`${index}`, (_data, { progress }) => progress(value))
  server.handle('never', () => ({ then: () => undefined }))
  server.handle('fine', async (_data, { progress }) => {
    await progress(1)
    return 2
  })
  onTestFinished(() => server.close())
  await server.ready
  const client = new IPCClient('srv', { home })
  onTestFinished(() => client.close())
  const never = client.call('never', {}, { timeoutMs: 500 }).catch((error: unknown) => error)
  for (const index of values.keys())
    await expect(client.stream(`${index}`).next()).rejects.toMatchObject({ code: 'REMOTE_ERROR' })
  const got: unknown[] = []
  for await (const value of client.stream('fine')) got.push(value)
  expect(got).toContain(1)
  expect(await never).toMatchObject({ code: 'REQUEST_TIMEOUT' })
})

test('a stream that is left in its midst, or whose consumer throws, cancels its request', async () => {
  const home = temporaryHome()
  const server = new IPCServer('srv', { home })
  const ended: unknown[] = []
  server.handle('numbers', async (_data, { progress, signal }) => {
    for (let n = 0; !signal.aborted; n += 1) {
      await progress(n)
      await new Promise(setImmediate)
    }
    ended.push('ended')
  })
  onTestFinished(() => server.close())
  await server.ready
  const client = new IPCClient('srv', { home })
  onTestFinished(() => client.close())
  for await (const value of client.stream('numbers')) if (value === 3) break
  const left = (async () => {
    for await (const value of client.stream('numbers')) throwIt(`left at ${String(value)}`)
  })()
  await expect(left).rejects.toBe('left at 0')
  await vi.waitUntil(() => ended.length === 2, 20_000)
})
