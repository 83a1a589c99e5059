import { EventBus, type EventBusOptions } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { temporaryHome } from '../fixtures/temporary-home.js'

/** An asynchronous schema, like one that queries a server: numbers, doubled. */
const doubled = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value: unknown) => {
      await new Promise(setImmediate)
      return typeof value === 'number'
        ? { value: value * 2 }
        : { issues: [{ message: 'no number' }] }
    },
  },
} as const

function open(options: EventBusOptions): EventBus {
  const bus = new EventBus({ rateLimit: false, ...options })
  onTestFinished(() => bus.close())
  return bus
}

/** Each way to get events, from a log that holds 1, a text and 2. */
describe('an asynchronous schema is awaited, and events that break it are skipped,', () => {
  async function staged(): Promise<EventBus> {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    onTestFinished(() => void vi.restoreAllMocks())
    const home = temporaryHome()
    const plain = open({ home })
    for (const data of [1, 'text', 2]) await plain.emit('n', data)
    await plain.emit('other', 7)
    return open({ home, schemas: { n: doubled } })
  }

  test('by on', async () => {
    const seen: unknown[] = []
    const bus = await staged()
    bus.on('n', (data) => void seen.push(data), { from: 'earliest' })
    await expect.poll(() => seen).toEqual([2, 4])
  })

  test('by a group', async () => {
    const seen: unknown[] = []
    const bus = await staged()
    bus.on('n', (data) => void seen.push(data), { from: 'earliest', group: 'g' })
    await expect.poll(() => seen).toEqual([2, 4])
  })

  test('by subscribe, to its end', async () => {
    const bus = await staged()
    const seen: unknown[] = []
    for await (const { data } of bus.subscribe('n', { from: 'earliest', wait: false }))
      seen.push(data)
    expect(seen).toEqual([2, 4])
  })

  test('by read', async () => {
    const bus = await staged()
    const events = await bus.read('n', { from: 'earliest' })
    expect(events.map(({ data }) => data)).toEqual([2, 4])
  })
})

describe('subscribing', () => {
  test('with an already aborted signal ends immediately', async () => {
    const bus = open({ home: temporaryHome() })
    await bus.emit('n', 1)
    const options = { from: 'earliest', signal: AbortSignal.abort() } as const
    for await (const event of bus.subscribe('n', options)) expect.unreachable(event.id)
  })

  test('ends in the middle of a batch if the consumer stops', async () => {
    const bus = open({ home: temporaryHome() })
    for (const data of [1, 2, 3]) await bus.emit('n', data)
    const end = new AbortController()
    const seen: unknown[] = []
    for await (const { data } of bus.subscribe('n', { from: 'earliest', signal: end.signal })) {
      seen.push(data)
      if (seen.length === 2) end.abort()
    }
    expect(seen).toEqual([1, 2])
  })

  test.each<[() => unknown, RegExp]>([
    [
      () => open({ home: temporaryHome() }).on('n', 5 as never),
      /^handler must be a function, got 5/u,
    ],
    [
      () => open({ home: temporaryHome() }).on('n', () => 1, { signal: 5 as never }),
      /^signal must be an AbortSignal, got 5/u,
    ],
    [
      () => open({ home: temporaryHome() }).on('n', () => 1, { onGap: 5 as never }),
      /^onGap must be a function, got 5/u,
    ],
    [
      () => open({ home: temporaryHome() }).on('n', () => 1, { from: 5 as never }),
      /^from must be/u,
    ],
  ])('with a wrong argument says which', (subscribe, message) => {
    expect(subscribe).toThrow(message)
  })
})

test('a handler that throws a value other than an error is reported with that value', async () => {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  onTestFinished(() => void vi.restoreAllMocks())
  const bus = open({ inMemory: true })
  bus.on('n', () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw 'only a text'
  })
  await bus.emit('n', 1)
  await expect.poll(() => said.join('')).toContain('only a text')
})

test('a gap while reading is an error, never silence', async () => {
  const home = temporaryHome()
  const bus = open({ home, maxBytes: 65_536 })
  const { cursor } = await bus.emit('n', 'first')
  for (let count = 0; count < 60; count += 1) await bus.emit('n', 'x'.repeat(5000))
  await expect(bus.read('n', { from: cursor })).rejects.toMatchObject({ code: 'CURSOR_GAP' })
})
