import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  EventBus,
  type EventEnvelope,
  type ParkedEvent,
  type SubscribeOptions,
} from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

interface Bench {
  readonly bus: EventBus
  emit(...data: unknown[]): Promise<void>
  on(
    handler: (data: unknown, event: EventEnvelope) => unknown,
    options?: SubscribeOptions,
  ): ReturnType<EventBus['on']>
}

/** Groups on a private log, with short delays between a handler's attempts. */
function setUp(home?: string): Bench {
  const bus = new EventBus({
    ...(home === undefined ? { inMemory: true } : { home }),
    rateLimit: false,
  })
  onTestFinished(() => bus.close({ drainMs: 0 }))
  return {
    bus,
    async emit(...data) {
      for (const datum of data) await bus.emit('n', datum)
    },
    on: (handler, options) =>
      bus.on('n', handler, { from: 'earliest', group: 'g', retryDelaysMs: [1], ...options }),
  }
}

function silenceStderr(): { readonly text: () => string } {
  const spy = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => spy.mockRestore())
  return { text: () => spy.mock.calls.map(([line]) => String(line)).join('') }
}

async function allParked(bus: EventBus): Promise<ParkedEvent[]> {
  const all: ParkedEvent[] = []
  for await (const parked of bus.parked('g')) all.push(parked)
  return all
}

async function parkedIn(bus: EventBus): Promise<unknown[]> {
  return (await allParked(bus)).map(({ event }) => event.data)
}

const fail = (): never => {
  throw new Error('boom')
}

test('handlers are awaited one by one', async () => {
  const { emit, on } = setUp()
  const steps: string[] = []
  await emit(1, 2, 3)
  on(async (n) => {
    steps.push(`begin ${String(n)}`)
    await setTimeout(1)
    steps.push(`end ${String(n)}`)
  })
  await vi.waitUntil(() => steps.length === 6, 60_000)
  expect(steps).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3'])
})

test('a failing handler is tried again, and the event is not skipped', async () => {
  const { emit, on } = setUp()
  const seen: unknown[] = []
  const errors: unknown[] = []
  await emit(1, 2)
  on(
    (n) => {
      seen.push(n)
      if (seen.length < 4) throw new Error(`try ${seen.length}`)
    },
    {
      onError: (error, event, attempt) =>
        errors.push([(error as Error).message, event.data, attempt]),
    },
  )
  await vi.waitUntil(() => seen.length === 5, 60_000)
  expect(seen).toEqual([1, 1, 1, 1, 2])
  expect(errors).toEqual([
    ['try 1', 1, 1],
    ['try 2', 1, 2],
    ['try 3', 1, 3],
  ])
})

test.each([
  ['in memory', (): undefined => undefined],
  ['on files', (): string => temporaryHome()],
])(
  'after its last attempt an event is parked, and the next one follows: %s',
  async (_name, home) => {
    const stderr = silenceStderr()
    const { bus, emit, on } = setUp(home())
    const calls: unknown[] = []
    const subscription = on((n) => {
      calls.push(n)
      if (n === 2) fail()
    })
    await emit(1, 2, 3)
    await vi.waitUntil(() => calls.includes(3), 20_000)
    expect(calls).toEqual([1, 2, 2, 2, 2, 2, 3])
    expect(stderr.text()).toMatch(/parked event \S+ of group "g" after 5 attempts: boom\n/u)
    const all = await allParked(bus)
    expect(all).toMatchObject([
      { event: { type: 'n', data: 2 }, attempts: 5, error: 'boom', retry: false },
    ])
    subscription.unsubscribe()
    await subscription.closed

    // A corrected handler gets it again; handled events leave.
    const corrected: unknown[] = []
    on((n) => corrected.push(n))
    expect(await bus.retry('g', all[0]!.event.id)).toBe(1)
    expect(await bus.retry('g', 'unknown')).toBe(0)
    await vi.waitUntil(() => corrected.length === 1, 20_000)
    await expect.poll(() => parkedIn(bus)).toEqual([])
    expect(corrected).toEqual([2])
  },
)

test('a parked event that fails again is parked again, with new attempts, and can be dropped', async () => {
  silenceStderr()
  const { bus, emit, on } = setUp(temporaryHome())
  const attempts: number[] = []
  on(fail, { maxAttempts: 2, onError: (_error, _event, attempt) => attempts.push(attempt) })
  await emit('poison')
  await expect.poll(() => parkedIn(bus)).toEqual(['poison'])
  expect(await bus.retry('g')).toBe(1)
  await vi.waitUntil(() => attempts.length === 4, 20_000)
  expect(attempts).toEqual([1, 2, 1, 2])
  await expect.poll(async () => (await allParked(bus)).map(({ retry }) => retry)).toEqual([false])
  const [parked] = await allParked(bus)
  expect(await bus.drop('g', parked!.event.id)).toBe(1)
  expect(await bus.drop('g', parked!.event.id)).toBe(0)
  expect(await parkedIn(bus)).toEqual([])
})

test('skips another program’s record that is nested too deeply to be copied', async () => {
  const home = temporaryHome()
  const { emit, on } = setUp(home)
  const seen: unknown[] = []
  const subscription = on((data) => void seen.push(data))
  await emit('before')
  for (const levels of [900, 100_000]) {
    const data = '[' + '{"a":['.repeat(levels / 2) + ']}'.repeat(levels / 2) + ']'
    const event = { specversion: '1.0', id: String(levels), source: '/other', type: 'n', time: '' }
    const record = JSON.stringify(event).replace(/\}$/u, `,"data":${data}}`)
    appendFileSync(join(home, 'events', '00000001.ndjson'), `\n${record}\n`)
  }
  await emit('after')
  await vi.waitUntil(() => seen.includes('after'), 20_000)
  expect(seen).toEqual(['before', expect.any(Array), 'after'])
  subscription.unsubscribe()
  await subscription.closed
})

test('keeps only the beginning of an error that contains a whole document', async () => {
  silenceStderr()
  const { bus, emit, on } = setUp(temporaryHome())
  on(
    () => {
      throw new Error('x'.repeat(2_000_000))
    },
    { maxAttempts: 1 },
  )
  await emit(1)
  await vi.waitUntil(async () => (await parkedIn(bus)).length === 1, 60_000)
  const [parked] = await allParked(bus)
  expect(parked?.error).toBe('x'.repeat(4096))
})

test('attempts are counted across restarts', async () => {
  silenceStderr()
  const home = temporaryHome()
  const attempts: number[] = []
  for (let start = 0; start < 3; start += 1) {
    const { bus, emit, on } = setUp(home)
    if (start === 0) await emit('poison', 'good')
    const seen: unknown[] = []
    on(
      (data) => {
        seen.push(data)
        if (data === 'poison') fail()
      },
      {
        maxAttempts: 3,
        retryDelaysMs: [600_000],
        onError: (_error, _event, attempt) => attempts.push(attempt),
      },
    )
    await vi.waitUntil(() => attempts.length === start + 1, 20_000)
    if (start === 2) {
      await vi.waitUntil(() => seen.includes('good'), 20_000)
      expect(await parkedIn(bus)).toEqual(['poison'])
    }
    await bus.close()
  }
  expect(attempts).toEqual([1, 2, 3])
})

test('a handler can change its data: it gets the event fresh again, and the event is parked unchanged', async () => {
  silenceStderr()
  const { bus, emit, on } = setUp()
  const seen: unknown[] = []
  on(
    (data) => {
      seen.push(structuredClone(data))
      Object.assign(data as object, { list: 'spoilt' })
      fail()
    },
    { maxAttempts: 2 },
  )
  await emit({ list: [1] })
  await expect.poll(() => parkedIn(bus)).toEqual([{ list: [1] }])
  expect(seen).toEqual([{ list: [1] }, { list: [1] }])
})

test('a hanging handler loses the group, and its attempt has failed', async () => {
  silenceStderr()
  const home = temporaryHome()
  const hanging = setUp(home)
  const other = setUp(home)
  const errors: unknown[] = []
  const first = hanging.on(() => new Promise(() => undefined), {
    handlerTimeoutMs: 50,
    retryDelaysMs: [600_000],
    onError: (error, _event, attempt) => errors.push([(error as { code: string }).code, attempt]),
  })
  await first.ready
  const seen: unknown[] = []
  other.on((n) => seen.push(n))
  await hanging.emit(1, 2)
  await vi.waitUntil(() => seen.length === 2, 20_000)
  expect(seen).toEqual([1, 2])
  expect(errors).toEqual([['HANDLER_TIMEOUT', 1]])
})

test('the only consumer continues after an event that hangs each time', async () => {
  silenceStderr()
  const { bus, emit, on } = setUp(temporaryHome())
  const seen: unknown[] = []
  on((n) => (n === 1 ? new Promise(() => undefined) : seen.push(n)), {
    handlerTimeoutMs: 30,
    maxAttempts: 3,
  })
  await emit(1, 2)
  await vi.waitUntil(() => seen.length === 1, 20_000)
  expect(await parkedIn(bus)).toEqual([1])
})

test('an event that breaks its schema is parked immediately, and reported', async () => {
  silenceStderr()
  const home = temporaryHome()
  await setUp(home).emit('text', 7)
  const number = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) =>
        typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] },
    },
  } as const
  const bus = new EventBus({ home, schemas: { n: number } })
  onTestFinished(() => bus.close())
  const errors: unknown[] = []
  const seen: unknown[] = []
  bus.on('n', (n) => seen.push(n), {
    from: 'earliest',
    group: 'g',
    onError: (error, event, attempt) =>
      errors.push([(error as { code: string }).code, event.data, attempt]),
  })
  await vi.waitUntil(() => seen.length === 1, 20_000)
  expect(seen).toEqual([7])
  expect(errors).toEqual([['INVALID_MESSAGE', 'text', 1]])
  expect(await parkedIn(bus)).toEqual(['text'])
})

test('a loop that ends at the same event each time does not keep the group forever', async () => {
  silenceStderr()
  const { bus, emit } = setUp(temporaryHome())
  await emit('poison', 'good')
  const seen: unknown[] = []
  for (let start = 0; start < 3; start += 1) {
    const options = { from: 'earliest', group: 'g', maxAttempts: 2 } as const
    for await (const { data } of bus.subscribe('n', options)) {
      seen.push(data)
      break
    }
  }
  expect(seen).toEqual(['poison', 'poison', 'good'])
  expect(await parkedIn(bus)).toEqual(['poison'])
})

test('when ended while its handler runs, it hands the group over after the handler, with the event committed', async () => {
  const { bus, emit, on } = setUp()
  await emit(1, 2)
  const seen: string[] = []
  let finish: () => void = () => undefined
  const begun = new Promise<void>((begin) => {
    on(async (n) => {
      begin()
      await new Promise<void>((resolve) => (finish = resolve))
      seen.push(`first ${String(n)}`)
    })
  })
  await begun
  bus.off('n')
  const second = on((n) => seen.push(`second ${String(n)}`))
  finish()
  await second.ready
  await vi.waitUntil(() => seen.length === 2, 60_000)
  expect(seen).toEqual(['first 1', 'second 2'])
})

test('close waits for a running handler, and commits its event', async () => {
  const home = temporaryHome()
  const { bus, emit, on } = setUp(home)
  const order: string[] = []
  const begun = new Promise<void>((begin) => {
    const subscription = on(async (n) => {
      order.push(`begins ${String(n)}`)
      begin()
      await setTimeout(30)
      order.push(`ends ${String(n)}`)
    })
    void subscription.closed.then(() => order.push('ended'))
  })
  await emit(1, 2)
  await begun
  await bus.close()
  order.push('closed')
  expect(order).toEqual(['begins 1', 'ends 1', 'ended', 'closed'])
  const seen: unknown[] = []
  setUp(home).on((n) => seen.push(n))
  await vi.waitUntil(() => seen.length === 1, 20_000)
  expect(seen).toEqual([2])
})

test('close waits no longer than it was told to, and the group continues elsewhere', async () => {
  const home = temporaryHome()
  const { bus, emit, on } = setUp(home)
  const begun = new Promise<void>((begin) => {
    on(() => {
      begin()
      return new Promise(() => undefined)
    })
  })
  await emit(1)
  await begun
  await bus.close({ drainMs: 10 })
  const seen: unknown[] = []
  setUp(home).on((n) => seen.push(n))
  await vi.waitUntil(() => seen.length === 1, 20_000)
  expect(seen).toEqual([1])
})

test('close does not wait for the handler that called it', async () => {
  const { bus, emit, on } = setUp(temporaryHome())
  const closed = new Promise<string>((resolve) => {
    on(async () => {
      await setTimeout(1)
      await bus.close({ drainMs: 600_000 })
      resolve('closed')
    })
  })
  await emit(1)
  expect(await closed).toBe('closed')
})

test('with drainMs, close waits for handlers without a group as well', async () => {
  const { bus } = setUp()
  const order: string[] = []
  bus.on('n', async () => {
    await setTimeout(20)
    order.push('ends')
  })
  await bus.emit('n', 1)
  await bus.close({ drainMs: 20_000 })
  order.push('closed')
  expect(order).toEqual(['ends', 'closed'])
})

/** A bus whose handler has begun and runs until `finish`. */
async function withRunningHandler(
  work: (bus: EventBus) => unknown = () => undefined,
): Promise<{ readonly bus: EventBus; readonly finish: () => void; readonly order: string[] }> {
  const { bus, emit, on } = setUp(temporaryHome())
  const order: string[] = []
  let finish = (): void => undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const begun = new Promise<void>((begin) => {
    on(async () => {
      begin()
      await finished
      await work(bus)
      order.push('handled')
    })
  })
  await emit(1)
  await begun
  return { bus, finish, order }
}

test('a second close waits for the same handlers as the first', async () => {
  const { bus, finish, order } = await withRunningHandler()
  const first = bus.close()
  const second = bus.close().then(() => order.push('closed'))
  finish()
  await Promise.all([first, second])
  expect(order).toEqual(['handled', 'closed'])
})

test('a second close with a shorter drainMs ends the wait of the first', async () => {
  const { bus } = await withRunningHandler()
  const first = bus.close({ drainMs: 600_000 })
  await bus.close({ drainMs: 1 })
  await first
})

test('a handler can close a bus that already closes and waits for it', async () => {
  const { bus, finish, order } = await withRunningHandler((own) => own.close({ drainMs: 600_000 }))
  const closed = bus.close({ drainMs: 600_000 })
  finish()
  await closed
  expect(order).toEqual(['handled'])
})
