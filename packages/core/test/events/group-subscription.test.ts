import { setTimeout } from 'node:timers/promises'
import type { EventEnvelope } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { createMemoryEvents } from '../../src/drivers/memory/memory-events.js'
import { EventFeed } from '../../src/events/event-feed.js'
import { EventFilter } from '../../src/events/event-filter.js'
import type { EventHandler } from '../../src/events/event-handler.js'
import { createEventRecord } from '../../src/events/event-record.js'
import { DEFAULT_RETENTION } from '../../src/events/default-retention.js'
import { GroupSubscription } from '../../src/events/group-subscription.js'
import { createMemoryDriver } from '../../src/drivers/memory/memory-driver.js'

/** Groups on a log of their own, with short delays between a handler's tries. */
function setUp(): {
  emit(type: string, data: unknown): void
  start(
    handler: EventHandler,
    onError?: (error: unknown, event: EventEnvelope) => void,
  ): GroupSubscription
} {
  const events = createMemoryEvents()
  const driver = { ...createMemoryDriver(), events }
  const handle = {
    key: 'test',
    now: driver,
    open: () => Promise.resolve(driver),
    close: () => Promise.resolve(),
  }
  return {
    emit: (type, data) => {
      const record = createEventRecord({ type, data, source: '/test', traceparent: undefined })
      void events.append([record], { retention: DEFAULT_RETENTION, durable: false })
    },
    start: (handler, onError) => {
      const subscription = new GroupSubscription(
        {
          pattern: 'n',
          handler,
          feed: new EventFeed(handle, { from: 'earliest', group: 'g' }),
          filter: new EventFilter('n', new Map()),
          options: { onError },
          onEnd: () => undefined,
        },
        'g',
        [1, 1, 1, 1],
      )
      onTestFinished(() => subscription.unsubscribe())
      return subscription
    },
  }
}

test('handlers are awaited one by one', async () => {
  const { emit, start } = setUp()
  const steps: string[] = []
  for (const n of [1, 2, 3]) emit('n', n)
  start(async (n) => {
    steps.push(`begin ${String(n)}`)
    await setTimeout(1)
    steps.push(`end ${String(n)}`)
  })
  await vi.waitUntil(() => steps.length === 6)
  expect(steps).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3'])
})

test('a failing handler is tried again, and the event is not passed over', async () => {
  const { emit, start } = setUp()
  const seen: unknown[] = []
  const errors: unknown[] = []
  for (const n of [1, 2]) emit('n', n)
  start(
    (n) => {
      seen.push(n)
      if (seen.length < 4) throw new Error(`try ${seen.length}`)
    },
    (error) => errors.push((error as Error).message),
  )
  await vi.waitUntil(() => seen.length === 5)
  expect(seen).toEqual([1, 1, 1, 1, 2])
  expect(errors).toEqual(['try 1', 'try 2', 'try 3'])
})

test('after five failures the subscription ends, and the event waits for the next start', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  const { emit, start } = setUp()
  for (const n of [1, 2]) emit('n', n)
  const failing = vi.fn().mockRejectedValue(new Error('boom'))
  start(failing)
  await vi.waitUntil(() => stderr.mock.calls.length === 2)
  expect(failing.mock.calls).toEqual([[1], [1], [1], [1], [1]])
  expect(String(stderr.mock.calls[1]![0])).toMatch(/group "g" stops: its handler failed 5 times/u)
  const seen: unknown[] = []
  start((n) => seen.push(n))
  await vi.waitUntil(() => seen.length === 2)
  expect(seen).toEqual([1, 2])
})

test('ended while its handler runs, it hands the group over after the handler, with the event committed', async () => {
  const { emit, start } = setUp()
  for (const n of [1, 2]) emit('n', n)
  const seen: string[] = []
  let finish: () => void = () => undefined
  const first = start(async (n) => {
    await new Promise<void>((resolve) => (finish = resolve))
    seen.push(`first ${String(n)}`)
  })
  await first.ready
  await vi.waitUntil(() => finish.length === 1 || seen.length === 0)
  const second = start((n) => seen.push(`second ${String(n)}`))
  first.unsubscribe()
  await setTimeout(5)
  expect(seen).toEqual([])
  finish()
  await second.ready
  await vi.waitUntil(() => seen.length === 2)
  expect(seen).toEqual(['first 1', 'second 2'])
})
