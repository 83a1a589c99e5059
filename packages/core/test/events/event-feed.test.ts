import { systemClock } from '../../src/base/wait/clock.js'
import { EventBus } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Driver, EventReader } from '../../src/drivers/driver.js'
import { createMemoryDriver } from '../../src/drivers/memory/memory-driver.js'
import { readyHandle } from '../../src/engine/open-driver.js'
import { CliOpsError } from '../../src/base/errors/cli-ops-error.js'
import { DEFAULT_RETENTION } from '../../src/events/contract/default-retention.js'
import { EventFeed } from '../../src/events/event-feed.js'
import { EventFilter } from '../../src/events/event-filter.js'
import { createEventRecord } from '../../src/events/contract/event-record.js'
import { PlainSubscription } from '../../src/events/plain-subscription.js'
import { GroupSubscription } from '../../src/events/group-subscription.js'
import { temporaryHome } from '../fixtures/temporary-home.js'

/** A driver of somebody else's: that of the memory, which lacks something or whose reader fails. */
function foreignDriver(
  capabilities: Partial<Driver['capabilities']>,
  poll?: EventReader['poll'],
): Driver {
  const memory = createMemoryDriver()
  onTestFinished(() => memory.close())
  const events = {
    ...memory.events!,
    openReader: (...options: Parameters<NonNullable<Driver['events']>['openReader']>) => {
      const reader = memory.events!.openReader(...options)
      if (poll === undefined) return reader
      return {
        ready: reader.ready,
        position: reader.position,
        poll,
        wait: (signal: AbortSignal) => reader.wait(signal),
        commit: () => undefined,
        close: () => reader.close(),
      }
    },
  }
  return { ...memory, capabilities: { ...memory.capabilities, ...capabilities }, events }
}

describe('on a driver that lacks something', () => {
  test.each([
    ['start in the past', { replay: false }, { from: 'earliest' }],
    ['be durable', { durableGroups: false }, { from: 'latest', group: 'mail' }],
  ] as const)('a subscription cannot %s', async (what, capabilities, options) => {
    const handle = readyHandle(foreignDriver(capabilities), 'events')
    const feed = new EventFeed(handle, { group: undefined, ...options })
    await expect(feed.ready).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(`subscriptions cannot ${what}`) as string,
    })
    expect(feed.poll()).toBeUndefined()
  })
})

test('where a group cannot park events, the one that fails each time ends its consumer, and is kept', async () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  const driver = foreignDriver({ parking: false })
  const handle = readyHandle(driver, 'events')
  const openFeed = (): EventFeed => new EventFeed(handle, { from: 'earliest', group: 'mail' })
  const record = createEventRecord({ type: 'n', data: 1, source: '/x', traceparent: undefined })
  await driver.events!.append([record], { retention: DEFAULT_RETENTION, durable: false })
  const calls: unknown[] = []
  const subscribe = (fails: boolean): GroupSubscription => {
    const handler = (data: unknown): void => {
      calls.push(data)
      if (fails) throw new Error('boom')
    }
    return new GroupSubscription({
      pattern: '*',
      group: 'mail',
      handler,
      call: handler,
      feed: openFeed(),
      openFeed,
      clock: systemClock,
      filter: new EventFilter('*', new Map()),
      options: { maxAttempts: 2, retryDelaysMs: [1] },
      onEnd: () => undefined,
    })
  }
  await expect(subscribe(true).closed).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(
      /failed 2 times and cannot be parked on this driver; it is kept for the next start: boom/u,
    ) as string,
  })
  const next = subscribe(false)
  onTestFinished(() => next.unsubscribe())
  await vi.waitUntil(() => calls.length === 3, 20_000)
})

describe('where reading fails in between', () => {
  const failure = new CliOpsError('ENGINE_UNAVAILABLE', 'away for a moment')

  test.each(['plain', 'group'] as const)('a %s subscription goes on', async (kind) => {
    const found: unknown[] = []
    let polls = 0
    const driver = foreignDriver({}, () => {
      polls += 1
      if (polls === 1) throw failure
      return undefined
    })
    const feed = new EventFeed(readyHandle(driver, 'events'), { from: 'latest', group: undefined })
    const parts = {
      pattern: '*',
      handler: (data: unknown) => void found.push(data),
      call: (data: unknown) => void found.push(data),
      feed,
      clock: systemClock,
      filter: new EventFilter('*', new Map()),
      options: {},
      onEnd: () => undefined,
    }
    const subscription =
      kind === 'plain'
        ? new PlainSubscription(parts)
        : new GroupSubscription({ ...parts, group: 'mail', openFeed: () => feed })
    onTestFinished(() => subscription.unsubscribe())
    await vi.waitFor(() => expect(polls).toBeGreaterThan(1), { timeout: 60_000 })
    expect(found).toEqual([])
  })

  test.each([
    ['which does not pass', new CliOpsError('UNSUPPORTED', 'it is broken')],
    ['in a way that nobody knows', new Error('oops')],
  ])('%s, the subscription ends', async (_how, error) => {
    const driver = foreignDriver({}, () => {
      throw error
    })
    const feed = new EventFeed(readyHandle(driver, 'events'), { from: 'latest', group: undefined })
    const ended = new Promise((resolve) => {
      new PlainSubscription({
        pattern: '*',
        handler: () => undefined,
        call: () => undefined,
        feed,
        clock: systemClock,
        filter: new EventFilter('*', new Map()),
        options: {},
        onEnd: resolve,
      })
    })
    expect(await ended).toBeInstanceOf(PlainSubscription)
  })
})

test('a group whose handler ends the subscription finishes and commits its event', async () => {
  const bus = new EventBus({ home: temporaryHome() })
  onTestFinished(() => bus.close())
  const pull = { from: 'earliest', group: 'mail' } as const
  const seen: unknown[] = []
  const left = new Promise<void>((resolve) => {
    const subscription = bus.on(
      '*',
      async (data) => {
        seen.push(data)
        subscription.unsubscribe()
        resolve()
        await Promise.resolve()
      },
      pull,
    )
  })
  await bus.emit('note:made', 1)
  await left
  await new Promise(setImmediate)
  await bus.emit('note:made', 2)
  for await (const { data } of bus.subscribe('*', { ...pull, wait: false })) seen.push(data)
  expect(seen).toEqual([1, 2])
})

test('a handler that leaves within a batch is given no more of it', async () => {
  const bus = new EventBus({ home: temporaryHome(), rateLimit: false })
  onTestFinished(() => bus.close())
  const seen: unknown[] = []
  for (const data of [1, 2, 3]) bus.emitSync('note:made', data)
  const subscription = bus.on(
    '*',
    (data) => {
      seen.push(data)
      subscription.unsubscribe()
    },
    { from: 'earliest' },
  )
  await expect.poll(() => seen).toEqual([1])
  await bus.emit('note:made', 4)
  expect(seen).toEqual([1])
})
