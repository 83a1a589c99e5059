import { createTestCoordinator } from '@cli-ops/shared-ipc/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'

// The kit continues while a test has stopped the time: only timed waits wait.

const EVERYTHING = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'Date',
  'performance',
  'queueMicrotask',
] as const

afterEach(() => {
  vi.useRealTimers()
})

describe.each([
  ['as they are', undefined],
  ['for everything', [...EVERYTHING]],
])('fake timers %s', (_what, toFake) => {
  test.each(['memory', 'disk'] as const)('do not make %s hang', async (storage) => {
    vi.useFakeTimers(toFake === undefined ? {} : { toFake })
    const ops = createTestCoordinator({ storage })
    const beta = ops.as('cli-beta')
    const heard = beta.events.once('task:created')
    await ops.events.emit('task:created', { id: '1' })
    expect(await heard).toMatchObject({ data: { id: '1' } })

    const server = beta.serve().handle('add', ([a, b]: [number, number]) => a + b)
    await server.ready
    expect(await ops.connect('cli-beta').call('add', [1, 2])).toBe(3)

    const done: string[] = []
    await Promise.all([
      ops.locks.acquire('db', () => done.push('ops')),
      beta.locks.acquire('db', () => done.push('beta')),
    ])
    expect(done).toHaveLength(2)
    await ops.close()
  })
})

test('fake timers advance timed waits', async () => {
  vi.useFakeTimers()
  await using ops = createTestCoordinator()
  for (let n = 0; n < 600; n += 1) ops.events.emitSync('a', n)
  await expect(ops.events.emit('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await vi.advanceTimersByTimeAsync(100)
  await ops.events.emit('a')
})
