import {
  EventBus,
  IPCClient,
  IPCServer,
  ServiceRegistry,
  type StandardSchema,
} from '@cli-ops/shared-ipc'
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

test('what is no JSON is refused wherever it is given, by getters and toJSON that throw as well', async () => {
  const home = temporaryHome()
  const hostile = [
    { toJSON: () => throwIt(unprintable()) },
    {
      get a(): never {
        return throwIt(new Error('boom'))
      },
    },
    new Proxy({}, { ownKeys: () => throwIt(new Error('boom')) }),
  ]
  const bus = open(undefined, home)
  const registry = new ServiceRegistry({ home })
  onTestFinished(() => registry.close())
  for (const data of hostile) {
    await expect(bus.emit('n', data)).rejects.toThrow(/^data.* must be JSON, got what threw/u)
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
  [unprintable(), 'something that cannot be written'],
  [
    Object.defineProperty({}, 'message', { get: () => throwIt(1) }),
    'something that cannot be written',
  ],
])('the text of an error is had of anything that can be thrown', (error, text) => {
  expect(errorText(error)).toBe(text)
})
