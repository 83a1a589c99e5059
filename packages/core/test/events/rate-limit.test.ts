import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createCoordinator, EventBus, type RateLimit } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { RateLimiter } from '../../src/events/rate-limit.js'
import { temporaryHome } from '../fixtures/temporary-home.js'

const run = promisify(execFile)

function open(rateLimit?: RateLimit): EventBus {
  const bus = new EventBus({ inMemory: true, ...(rateLimit && { rateLimit }) })
  onTestFinished(() => bus.close())
  return bus
}

describe('RateLimiter', () => {
  test('lets a burst pass, then as many as the time allows, for each type', () => {
    let now = 0
    const limiter = new RateLimiter({ max: 2, perMs: 100 }, () => now)
    expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 0])
    expect(limiter.take('a')).toBe(50)
    expect(limiter.take('__proto__')).toBe(0)
    now = 49
    expect(limiter.take('a')).toBe(1)
    now = 50
    expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(50)
    now = 10_000
    expect([limiter.take('a'), limiter.take('a'), limiter.take('a')]).toEqual([0, 0, 50])
  })

  test('lets a full burst pass together, then as many as the time allows', () => {
    let now = 0
    const limiter = new RateLimiter({ max: 10, perMs: 1000, burst: 600 }, () => now)
    for (let n = 0; n < 600; n += 1) expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(100)
    now = 1000
    for (let n = 0; n < 10; n += 1) expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(100)
  })

  test('forgets idle types', () => {
    let now = 0
    const limiter = new RateLimiter({ max: 1, perMs: 100 }, () => now)
    for (let n = 0; n < 5000; n += 1) {
      now += 1
      expect(limiter.take(`type ${n}`)).toBe(0)
    }
    now -= 50
    expect(limiter.take('type 4999')).toBeGreaterThan(0)
  })
})

describe('a bus', () => {
  test('accepts a minute’s worth at ten a second together, and rejects a flood', async () => {
    const bus = open()
    for (let n = 0; n < 600; n += 1) bus.emitSync('a', n)
    const flood = Array.from({ length: 200 }, async (_, n) => bus.emit('a', n))
    const refused = (await Promise.allSettled(flood)).filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(100)
    expect(refused[0]).toMatchObject({ reason: { details: { burst: 600, setBy: 'by default' } } })
  })

  test('with the original rule, rejects the eleventh of one type in a second, and says when to try again', async () => {
    const bus = open({ max: 10, perMs: 1000, burst: 10 })
    for (let n = 0; n < 10; n += 1) await bus.emit('a', n)
    await expect(bus.emit('a', 10)).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      details: { type: 'a', max: 10, perMs: 1000, retryAfterMs: expect.any(Number) as number },
    })
    expect(() => bus.emitSync('a', 10)).toThrow(
      /more than 10 events "a" in 1000 ms .* set by the option rateLimit; .* in \d+ ms, .* CLI_OPS_RATE_LIMIT/u,
    )
    await bus.emit('b', 0)
    expect(await bus.read('*')).toHaveLength(11)
  })

  test('has the environment’s limit, unless an option sets one', async () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubEnv('CLI_OPS_RATE_LIMIT', '1/60000/2')
    const bus = open()
    for (const n of [1, 2]) await bus.emit('a', n)
    await expect(bus.emit('a', 3)).rejects.toThrow(/set by CLI_OPS_RATE_LIMIT/u)
    await open({ max: 3, perMs: 60_000 }).emit('a', 1)
    vi.stubEnv('CLI_OPS_RATE_LIMIT', 'off')
    const free = open()
    for (let n = 0; n < 700; n += 1) free.emitSync('a', n)
    for (const wrong of ['10', '0/1000', '10/1000/x', 'none']) {
      vi.stubEnv('CLI_OPS_RATE_LIMIT', wrong)
      expect(() => open()).toThrow(/^CLI_OPS_RATE_LIMIT must be "off" or figures/u)
    }
  })

  test('has its coordinator’s limit', async () => {
    const rateLimit = { max: 1, perMs: 60_000 }
    await using ops = createCoordinator({ name: 'limited', home: temporaryHome(), rateLimit })
    await ops.events.emit('a')
    await expect(ops.events.emit('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    const wrong = { name: 'limited', rateLimit: { max: 0, perMs: 1 } }
    expect(() => createCoordinator(wrong)).toThrow(/^rateLimit.max/u)
  })

  test('shares its limit with no other log', async () => {
    const rateLimit = { max: 1, perMs: 60_000 }
    for (const home of [temporaryHome(), temporaryHome()]) {
      await using bus = new EventBus({ home, rateLimit })
      await bus.emit('a')
    }
  })

  test('drops with `drop`, and says so with an empty cursor', async () => {
    const bus = open({ max: 1, perMs: 60_000, onLimit: 'drop' })
    expect((await bus.emit('a', 0)).cursor).not.toBe('')
    expect((await bus.emit('a', 1)).cursor).toBe('')
    expect(bus.emitSync('a', 1).cursor).toBe('')
    expect((await bus.read('*')).map(({ data }) => data)).toEqual([0])
  })

  test('queues with `queue`, in order, and can be aborted', async () => {
    const bus = open({ max: 2, perMs: 40, onLimit: 'queue' })
    const ending = new AbortController()
    const emits = [0, 1, 2, 3, 4].map((n) => bus.emit('a', n))
    const aborted = bus.emit('a', 'aborted', { signal: ending.signal })
    ending.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    expect(() => bus.emitSync('a', 'sync')).toThrow(/more than 2 events/u)
    await Promise.all(emits)
    expect((await bus.read('*')).map(({ data }) => data)).toEqual([0, 1, 2, 3, 4])
  })

  test('stores its queue when it is closed, and rejects more than a thousand', async () => {
    const bus = open({ max: 1, perMs: 60_000, onLimit: 'queue' })
    const emits = Array.from({ length: 1001 }, (_, n) => bus.emit('a', n))
    await expect(bus.emit('a', 'too many')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    await bus.close()
    const cursors = (await Promise.all(emits)).map(({ cursor }) => cursor)
    expect(new Set(cursors).size).toBe(1001)
  })

  test.each([
    ['ends by itself', ''],
    ['is ended by process.exit()', 'process.exit(0)'],
  ])('loses nothing in its queue when the process %s', async (_how, end) => {
    const home = temporaryHome()
    const script = `
      import { EventBus } from '@cli-ops/shared-ipc'
      const rateLimit = { max: 2, perMs: 20, onLimit: 'queue' }
      const bus = new EventBus({ home: process.argv[1], rateLimit })
      for (let n = 0; n < 8; n += 1) void bus.emit('a', n)
      ${end}`
    await run(process.execPath, ['--input-type=module', '-e', script, home])
    await using bus = new EventBus({ home })
    expect((await bus.read('a')).map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  test('counts per process, across its buses', async () => {
    const home = temporaryHome()
    const rateLimit = { max: 3, perMs: 61_000 }
    const buses = [0, 1, 2, 3].map(() => new EventBus({ home, rateLimit }))
    onTestFinished(async () => {
      await Promise.all(buses.map((bus) => bus.close()))
    })
    const results = await Promise.allSettled(buses.map((bus) => bus.emit('a')))
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ])
  })
})
