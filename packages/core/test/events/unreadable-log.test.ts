import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventBus, type EventEnvelope, type PullOptions } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

/** A bus whose log, or whose groups, can be made unreadable and readable again. */
function setUp(folder = 'events'): {
  readonly bus: EventBus
  readonly emitter: EventBus
  readonly stderr: () => string
  breakIt(): void
  mendIt(): void
} {
  const spy = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => spy.mockRestore())
  const home = temporaryHome()
  const open = (): EventBus => {
    const bus = new EventBus({ home, rateLimit: false })
    onTestFinished(() => bus.close({ drainMs: 0 }))
    return bus
  }
  const path = join(home, folder)
  return {
    bus: open(),
    emitter: open(),
    stderr: () => spy.mock.calls.map(([line]) => String(line)).join(''),
    breakIt() {
      if (existsSync(path)) renameSync(path, `${path}.away`)
      else mkdirSync(`${path}.away`)
      writeFileSync(path, '')
    },
    mendIt() {
      rmSync(path)
      renameSync(`${path}.away`, path)
    },
  }
}

/** All ways to read; each passes on the data it gets. */
const READERS: Record<
  string,
  (bus: EventBus, options: PullOptions, take: (data: unknown) => void) => unknown
> = {
  on: (bus, options, take) => bus.on('n', take, options),
  subscribe: async (bus, options, take) => {
    for await (const { data } of bus.subscribe('n', options)) take(data)
  },
  once: async (bus, options, take) => {
    let { cursor, data }: EventEnvelope = await bus.once('n', options)
    for (;;) {
      take(data)
      ;({ cursor, data } = await bus.once('n', { ...options, from: cursor }))
    }
  },
}

test.each([
  ['on', {}],
  ['on', { group: 'g' }],
  ['subscribe', {}],
  ['subscribe', { group: 'g' }],
  ['once', {}],
])(
  '%s with %j continues after the log was briefly unreadable, and says so',
  async (how, options) => {
    const { bus, emitter, stderr, breakIt, mendIt } = setUp()
    const seen: unknown[] = []
    await emitter.emit('n', 1)
    const reading = READERS[how]!(bus, { from: 'earliest', ...options }, (data) => seen.push(data))
    Promise.resolve(reading).catch((error: unknown) => seen.push(error))
    await vi.waitUntil(() => seen.length === 1, 60_000)
    breakIt()
    await vi.waitUntil(() => stderr().includes('are not received') || seen.length > 1, 60_000)
    mendIt()
    await emitter.emit('n', 2)
    await vi.waitUntil(() => seen.length === 2, 60_000)
    expect(seen).toEqual([1, 2])
  },
)

test('onError learns that events cannot be read, and may itself fail', async () => {
  const { bus, stderr, breakIt } = setUp()
  const told: unknown[] = []
  const onReadError = (error: unknown): never => {
    told.push(error)
    throw new Error('boom')
  }
  const subscription = bus.on('n', () => undefined, { onReadError })
  const pulled = bus.subscribe('n', { onReadError: (error) => told.push(error) }).next()
  await subscription.ready
  breakIt()
  await vi.waitUntil(() => told.length >= 4, 60_000)
  for (const error of told) expect(error).toMatchObject({ code: 'STORAGE_FAILED', retryable: true })
  expect(stderr()).toContain('are not received')
  await bus.close()
  expect(await pulled).toMatchObject({ done: true })
})

test('a reader that does not wait learns immediately that it cannot read', async () => {
  const { bus, emitter, breakIt } = setUp()
  await emitter.emit('n', 1)
  const events = bus.subscribe('n', { from: 'earliest', wait: false })
  breakIt()
  await expect(events.next()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test.each(['on', 'subscribe'])(
  '%s continues with a group whose attempts could briefly not be stored',
  async (how) => {
    const { bus, emitter, stderr, breakIt, mendIt } = setUp('groups')
    const seen: unknown[] = []
    const options = { from: 'earliest', group: `g-${how}` } as const
    const reading = READERS[how]!(bus, options, (data) => seen.push(data))
    Promise.resolve(reading).catch((error: unknown) => seen.push(error))
    await emitter.emit('n', 1)
    await vi.waitUntil(() => seen.length === 1, 60_000)
    breakIt()
    await emitter.emit('n', 2)
    await vi.waitUntil(() => seen.length === 2, 60_000)
    mendIt()
    await emitter.emit('n', 3)
    await vi.waitUntil(() => seen.length === 3, 60_000)
    expect(seen).toEqual([1, 2, 3])
    expect(stderr()).toContain('cannot store the attempts')
  },
)
