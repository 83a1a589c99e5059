import {
  createTestClock,
  createTestCoordinator,
  type TestClock,
  type TestCoordinator,
} from '@cli-ops/shared-ipc/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

const START = new Date('2026-01-02T03:04:05.678Z')

function coordinator(storage: 'memory' | 'disk', clock: TestClock): TestCoordinator {
  const ops = createTestCoordinator({ storage, clock })
  onTestFinished(() => ops.close())
  return ops
}

describe.each(['memory', 'disk'] as const)('in %s', (storage) => {
  test('events have its time', async () => {
    const clock = createTestClock(START)
    const ops = coordinator(storage, clock)
    expect((await ops.events.emit('a')).time).toBe('2026-01-02T03:04:05.678Z')
    await clock.advance(1000)
    expect((await ops.events.emit('a')).time).toBe('2026-01-02T03:04:06.678Z')
    const since = await ops.events.read('a', { from: new Date(START.getTime() + 1) })
    expect(since).toHaveLength(1)
  })

  test('the rate limit counts by it, and nobody else has it', async () => {
    const clock = createTestClock(START)
    const ops = coordinator(storage, clock)
    const other = coordinator(storage, createTestClock(START))
    for (let n = 0; n < 600; n += 1) ops.events.emitSync('a', n)
    await expect(ops.events.emit('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await other.events.emit('a')
    await clock.advance(99)
    await expect(ops.events.emit('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await clock.advance(1)
    await ops.events.emit('a')
    await expect(ops.events.emit('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })

  test('a group tries again by it, and gives up a handler that takes too long', async () => {
    const clock = createTestClock(START)
    const ops = coordinator(storage, clock)
    const attempts: number[] = []
    const failed = vi.fn()
    const subscription = ops.events.on(
      'a',
      () => {
        attempts.push(clock.now() - START.getTime())
        if (attempts.length < 3) throw new Error('not yet')
        return new Promise(() => undefined)
      },
      { group: 'g', onError: failed, handlerTimeoutMs: 60_000, maxAttempts: 3 },
    )
    await subscription.ready
    await ops.events.emit('a')
    await vi.waitFor(() => expect(attempts).toEqual([0]), 20_000)
    await turnUntil(clock, 100, () => attempts.length === 2)
    await turnUntil(clock, 1000, () => attempts.length === 3)
    await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(2), 20_000)
    expect(attempts).toEqual([0, 100, 1100])
    await turnUntil(clock, 60_000, () => failed.mock.calls.length === 3)
    expect(failed).toHaveBeenLastCalledWith(
      expect.objectContaining({ code: 'HANDLER_TIMEOUT' }),
      expect.anything(),
      3,
    )
  })

  test('a wait for a lock ends by it', async () => {
    const clock = createTestClock(START)
    const ops = coordinator(storage, clock)
    await using _lock = await ops.locks.lock('db')
    const waiting = ops.as('cli-beta').locks.lock('db', { timeoutMs: 3_600_000 })
    let ended = false
    waiting.catch(() => undefined).finally(() => (ended = true))
    await vi.waitFor(
      async () => expect((await ops.locks.inspect('db'))?.waiters).toHaveLength(1),
      20_000,
    )
    await clock.advance(3_599_999)
    expect(ended).toBe(false)
    await clock.advance(1)
    await expect(waiting).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  })
})

test('in memory events expire by it', async () => {
  const clock = createTestClock(START)
  const ops = coordinator('memory', clock)
  for (const n of [1, 2]) await ops.events.emit('a', n)
  const week = 7 * 24 * 3_600_000
  await clock.advance(week + 1)
  expect(await ops.events.cleanOldEvents()).toBe(1)
})

test('what is due happens in order, each at its own time', async () => {
  const clock = createTestClock(START)
  const ops = coordinator('memory', clock)
  await using _lock = await ops.locks.lock('db')
  const ended: (readonly [number, number])[] = []
  const waits = [300, 100, 200].map(async (timeoutMs) => {
    await ops
      .as('cli-beta')
      .locks.lock('db', { timeoutMs })
      .catch(() => ended.push([timeoutMs, clock.now() - START.getTime()]))
  })
  await clock.advance(1000)
  await Promise.all(waits)
  expect(ended).toEqual([
    [100, 100],
    [200, 200],
    [300, 300],
  ])
})

test.each([
  [() => createTestClock('2026' as never), /startAt must be a valid date, got "2026"/u],
  [() => createTestClock(new Date(NaN)), /startAt must be a valid date/u],
  [
    () => createTestCoordinator({ clock: { now: () => 1 } as never }),
    /clock must be created by createTestClock\(\)/u,
  ],
])('refuses what is no clock', (make, message) => {
  expect(make).toThrow(message)
})

test('is not turned back', async () => {
  await expect(createTestClock().advance(-1)).rejects.toThrow(
    /ms must be an integer of at least 0/u,
  )
})

/** On a disk, what a turn sets off takes its time, and the next timer is started only then. */
async function turnUntil(clock: TestClock, ms: number, done: () => boolean): Promise<void> {
  let turned = false
  await vi.waitFor(async () => {
    // The timer is there once the failure was stored; an advance before that would be lost.
    if (!turned) await new Promise((resolve) => setTimeout(resolve, 50))
    turned = true
    await clock.advance(ms)
    expect(done()).toBe(true)
  }, 20_000)
}
