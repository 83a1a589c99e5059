import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import {
  CliOpsError,
  type Cursor,
  EventBus,
  type EventBusOptions,
  type EventEnvelope,
  type StandardSchema,
} from '@cli-ops/shared-ipc'
import { describe, expect, expectTypeOf, onTestFinished, test, vi } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

const run = promisify(execFile)

function open(options: EventBusOptions): EventBus {
  const bus = new EventBus({ rateLimit: false, ...options })
  onTestFinished(() => bus.close())
  return bus
}

/** Resolves when the function has been called that often. */
async function calls(spy: ReturnType<typeof vi.fn>, count: number): Promise<void> {
  await vi.waitUntil(() => spy.mock.calls.length >= count, { timeout: 60_000, interval: 5 })
}

function silenceStderr(): { readonly text: () => string } {
  const spy = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => spy.mockRestore())
  return { text: () => spy.mock.calls.map(([line]) => String(line)).join('') }
}

describe('the samples of the original document', () => {
  test('handles task creation event', async () => {
    const bus = new EventBus({ inMemory: true })

    const handler = vi.fn()
    bus.on('task:created', handler)

    await bus.emit('task:created', { id: 'task-123' })

    expect(handler).toHaveBeenCalledWith({ id: 'task-123' })
    await bus.close()
  })

  test('notifies other CLIs of a created task', async () => {
    vi.stubEnv('CLI_OPS_HOME', temporaryHome())
    onTestFinished(() => void vi.unstubAllEnvs())
    const log = vi.spyOn(console, 'log').mockReturnValue(undefined)
    onTestFinished(() => log.mockRestore())
    const bus = new EventBus()
    const newTask = { id: '1', title: 'Write' }
    bus.on('task:created', (task) => {
      console.log(`📌 New task: ${task.title}`)
    })
    await bus.emit('task:created', {
      id: newTask.id,
      title: newTask.title,
      cli: 'alpha',
    })
    expect(log).toHaveBeenCalledWith('📌 New task: Write')
    await bus.close()
  })
})

describe.each([
  ['in memory', (): EventBusOptions => ({ inMemory: true })],
  ['on files', (): EventBusOptions => ({ home: temporaryHome() })],
])('%s', (_name, options) => {
  test('handlers have been called when emit resolves, in order, by pattern', async () => {
    const bus = open(options())
    const seen: string[] = []
    bus.on('task:created', () => seen.push('exact'))
    bus.on('task:*', (_data, event) => seen.push(`prefix ${event.type}`))
    bus.on('*', (_data, event) => seen.push(`all ${event.type}`))
    await bus.emit('task:created', { id: '1' })
    expect(seen.sort()).toEqual(['all task:created', 'exact', 'prefix task:created'])
    seen.length = 0
    await Promise.all([bus.emit('task:deleted', { id: '1' }), bus.emit('task', null)])
    await bus.emit('tasks:created')
    expect(seen).toEqual([
      'prefix task:deleted',
      'all task:deleted',
      'all task',
      'all tasks:created',
    ])
  })

  test('an event is delivered as it was when it was emitted', async () => {
    const bus = open(options())
    const data = { id: '1', nested: { list: [1, { deep: 'ä\u2028"\n' }] }, left: undefined }
    const once = bus.once('x:y')
    const emitting = bus.emit('x:y', data)
    data.id = 'changed'
    const emitted = await emitting
    const event = await once
    expect(event.data).toEqual({ id: '1', nested: { list: [1, { deep: 'ä\u2028"\n' }] } })
    expect(event).toMatchObject({ id: emitted.id, cursor: emitted.cursor, source: emitted.source })
  })

  test('missing data is null; anything but JSON is refused before it is stored', async () => {
    const bus = open(options())
    await bus.emit('x:y')
    for (const data of [() => 1, 1n, NaN, { a: new Map() }, Symbol('x')]) {
      await expect(bus.emit('x:y', data)).rejects.toThrow(TypeError)
    }
    expect((await bus.read('*')).map(({ data }) => data)).toEqual([null])
  })

  test('an event larger than 1 MiB is refused with its size', async () => {
    const bus = open(options())
    await expect(bus.emit('x:y', 'ä'.repeat(600_000))).rejects.toMatchObject({
      code: 'MESSAGE_TOO_LARGE',
      details: { type: 'x:y', maxBytes: 1024 * 1024 },
    })
    await bus.emit('x:y', 'x'.repeat(1_000_000))
    expect(String((await bus.read('*'))[0]?.data)).toHaveLength(1_000_000)
  })

  test('hostile names are names', async () => {
    const bus = open({ ...options(), schemas: {} })
    const types = [
      '__proto__',
      'constructor',
      'toString',
      '../../etc/passwd',
      'a/b',
      '😀 x',
      '__proto__:a',
    ]
    const seen: string[] = []
    bus.on('*', (_data, event) => seen.push(event.type))
    for (const type of types) await bus.emit(type, JSON.parse('{"__proto__":{"polluted":1}}'))
    expect(seen).toEqual(types)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    const spy = vi.fn()
    bus.on('__proto__:*', spy, { from: 'earliest' })
    await calls(spy, 1)
    for (const type of ['', 'a*', '*', 'a\nb', '\u202eb', 'a\ud800', 'x'.repeat(1025)]) {
      await expect(bus.emit(type, 1)).rejects.toThrow(TypeError)
    }
    for (const pattern of ['', 'a*', '**', ':*', 'a:*:b', '*:a', 'a:*b']) {
      expect(() => bus.on(pattern, () => 1)).toThrow(TypeError)
    }
  })

  test('positions: earliest, a date, a cursor, latest', async () => {
    const bus = open(options())
    const before = new Date(Date.now() - 10_000)
    const first = await bus.emit('n', 0)
    const second = await bus.emit('n', 1)
    const cut = await vi.waitFor(() => {
      const date = new Date()
      if (date.toISOString() <= second.time) throw new Error('the clock has not moved yet')
      return date
    }, 20_000)
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(cut.getTime()), 20_000)
    await bus.emit('n', 2)
    const read = async (from: 'earliest' | 'latest' | Date | Cursor): Promise<unknown[]> =>
      (await bus.read('n', { from })).map(({ data }) => data)
    expect(await read('earliest')).toEqual([0, 1, 2])
    expect(await read(before)).toEqual([0, 1, 2])
    expect(await read(cut)).toEqual([2])
    expect(await read(new Date(Date.now() + 60_000))).toEqual([])
    expect(await read(first.cursor)).toEqual([1, 2])
    expect(await read('latest')).toEqual([])
    for (const from of ['nonsense', '1:', '-1:0', '', new Date(NaN), 5]) {
      expect(() => bus.on('n', () => 1, { from: from as Cursor })).toThrow(/^from must/u)
    }
  })

  test('a subscription ends with unsubscribe, off, using, its signal and close', async () => {
    const bus = open(options())
    const seen: string[] = []
    const handler = (): number => seen.push('off')
    const ended = bus.on('x', () => seen.push('unsubscribe'))
    bus.on('x', handler)
    bus.on('x', () => seen.push('kept'))
    const ending = new AbortController()
    bus.on('x', () => seen.push('signal'), { signal: ending.signal })
    {
      using _short = bus.on('x', () => seen.push('using'))
    }
    ended.unsubscribe()
    ended.unsubscribe()
    bus.off('x', handler)
    ending.abort()
    bus.on('x', () => seen.push('aborted'), { signal: AbortSignal.abort() })
    await bus.emit('x')
    expect(seen).toEqual(['kept'])
    bus.off('x')
    await bus.emit('x')
    expect(seen).toEqual(['kept'])
    await bus.close()
    await bus.close()
    await expect(bus.emit('x')).rejects.toMatchObject({ code: 'CLOSED' })
    expect(() => bus.on('x', handler)).toThrow(CliOpsError)
  })

  test('off refuses what was never a pattern or a handler', () => {
    const bus = open(options())
    for (const pattern of [undefined, null, 5, '', 'a*'])
      expect(() => bus.off(pattern as string)).toThrow(TypeError)
    for (const handler of [null, 5, {}])
      expect(() => bus.off('x', handler as never)).toThrow('handler must be a function')
    bus.off('x')
  })

  test('a date of another realm is a date', async () => {
    const bus = open(options())
    await bus.emit('n', 1)
    const from = runInNewContext('new Date(0)') as Date
    expect((await bus.read('n', { from })).map(({ data }) => data)).toEqual([1])
    expect((await bus.once('n', { from })).data).toBe(1)
    const invalid = runInNewContext('new Date(NaN)') as Date
    expect(() => bus.on('n', () => 1, { from: invalid })).toThrow(/^from must be .*valid date/u)
  })

  test('a failing handler is reported once and affects no other', async () => {
    const stderr = silenceStderr()
    const bus = open(options())
    const errors: unknown[] = []
    const seen: unknown[] = []
    const after = (n: unknown): number => seen.push(n)
    bus.on('x', () => {
      throw new Error('boom\u001b[31m')
    })
    bus.on('x', async () => Promise.reject(new Error('later')), {
      onError: (error, event) => errors.push([(error as Error).message, event.data]),
    })
    bus.on('x', after)
    for (const n of [1, 2, 3]) await bus.emit('x', n)
    await vi.waitUntil(() => errors.length === 3, 20_000)
    expect(seen).toEqual([1, 2, 3])
    expect(errors).toEqual([
      ['later', 1],
      ['later', 2],
      ['later', 3],
    ])
    expect(stderr.text().match(/boom/gu)).toHaveLength(1)
    expect(stderr.text()).not.toContain('\u001b')
  })

  test('subscribe is pulled, and leaves nothing behind afterwards', async () => {
    const bus = open(options())
    const events = bus.subscribe('n')
    for (let n = 0; n < 1200; n += 1) bus.emitSync('n', n)
    const seen: unknown[] = []
    for await (const { data } of events) {
      seen.push(data)
      if (seen.length === 1200) break
    }
    expect(seen).toEqual(Array.from({ length: 1200 }, (_, n) => n))
    expect(await events.next()).toEqual({ done: true, value: undefined })

    const waiting = bus.subscribe('n')
    const next = waiting.next()
    await waiting.return?.()
    expect(await next).toEqual({ done: true, value: undefined })

    const ending = new AbortController()
    const signalled = bus.subscribe('n', { signal: ending.signal }).next()
    const closed = bus.subscribe('n').next()
    ending.abort()
    expect((await signalled).done).toBe(true)
    await bus.close()
    expect((await closed).done).toBe(true)
  })

  test('once resolves to the envelope, or rejects with the reason', async () => {
    const bus = open(options())
    const next = bus.once('task:*')
    await bus.emit('item:created', { id: '0' })
    await bus.emit('task:created', { id: '1' })
    await bus.emit('task:created', { id: '2' })
    expect(await next).toMatchObject({ type: 'task:created', data: { id: '1' } })
    const reason = new Error('enough')
    const ending = new AbortController()
    const aborted = bus.once('x', { signal: ending.signal })
    ending.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    await expect(bus.once('x', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const closed = bus.once('x')
    await bus.close()
    await expect(closed).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('emitSync stores immediately, after what was emitted before it', async () => {
    const bus = open(options())
    const first = bus.emit('n', 1)
    const second = bus.emitSync('n', 2)
    expect((await bus.read('n')).map(({ data }) => data)).toEqual([1, 2])
    expect((await first).cursor).not.toBe(second.cursor)
  })

  test('a schema applies to emitted events and to events from others', async () => {
    const shared = options()
    const number: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof value === 'number'
            ? { value: value * 2 }
            : { issues: [{ message: 'no number', path: ['a', { key: 'b' }] }] },
      },
    }
    const stderr = silenceStderr()
    const bus = open({ ...shared, schemas: { 'sync:n': number } })
    const seen: unknown[] = []
    bus.on('sync:n', (data) => seen.push(data))
    await bus.emit('sync:n', 2)
    await expect(bus.emit('sync:n', 'x')).rejects.toMatchObject({
      code: 'INVALID_MESSAGE',
      details: { type: 'sync:n', reason: 'a.b: no number' },
    })
    if (shared.home !== undefined) {
      const stranger = open(shared)
      await stranger.emit('sync:n', 'x')
      await stranger.emit('sync:n', 'y')
      await stranger.emit('sync:n', 3)
      await vi.waitUntil(() => seen.length === 2, 20_000)
      expect(stderr.text().match(/break their schema/gu)).toHaveLength(1)
    } else await bus.emit('sync:n', 3)
    expect(seen).toEqual([4, 6])
  })

  test('an asynchronous schema keeps the order, and does not work with emitSync', async () => {
    const later: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          for (let turns = value === 1 ? 5 : 0; turns > 0; turns -= 1) await Promise.resolve()
          return { value }
        },
      },
    }
    const bus = open({ ...options(), schemas: { n: later } })
    const seen: unknown[] = []
    bus.on('*', (data) => seen.push(data))
    await bus.emit('n', 1)
    await bus.emit('n', 2)
    await bus.emit('other', 3)
    await vi.waitUntil(() => seen.length === 3, 20_000)
    expect(seen).toEqual([1, 2, 3])
    expect(() => bus.emitSync('n', 1)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  })

  test('a group gets each event once, continues after a restart, and has one name on a bus', async () => {
    const bus = open(options())
    const seen: unknown[] = []
    const first = bus.on('n', (data) => seen.push(data), { group: 'g' })
    await first.ready
    await bus.emit('n', 1)
    await bus.emit('other', 1)
    expect(seen).toEqual([1])
    expect(() => bus.on('n', () => 1, { group: 'g' })).toThrow(/"g" twice/u)
    await vi.waitUntil(() => seen.length === 1, 20_000)
    first.unsubscribe()
    await bus.emit('n', 2)
    expect(seen).toEqual([1])
    await new Promise<void>((resolve) => {
      const handler = (data: unknown): void => {
        if (seen.push(data) === 2) resolve()
      }
      bus.on('n', handler, { group: 'g' })
    })
    expect(seen).toEqual([1, 2])
  })

  test('a pulled group commits an event when the next one is requested', async () => {
    const bus = open(options())
    const events = bus.subscribe('n', { group: 'g', from: 'earliest' })
    for (const n of [1, 2, 3]) await bus.emit('n', n)
    expect((await events.next()).value).toMatchObject({ data: 1 })
    expect((await events.next()).value).toMatchObject({ data: 2 })
    await events.return?.()
    const again = bus.subscribe('n', { group: 'g' })
    expect((await again.next()).value).toMatchObject({ data: 2 })
    await again.return?.()
  })

  test('a group that does not wait catches up, each time from where it ended', async () => {
    const bus = open(options())
    const catchUp = async (): Promise<unknown[]> => {
      const seen: unknown[] = []
      const events = bus.subscribe('n', { group: 'g', from: 'earliest', wait: false })
      for await (const { data } of events) seen.push(data)
      return seen
    }
    for (const n of [1, 2]) await bus.emit('n', n)
    expect(await catchUp()).toEqual([1, 2])
    expect(await catchUp()).toEqual([])
    await bus.emit('n', 3)
    await bus.emit('other', 4)
    expect(await catchUp()).toEqual([3])
    expect(await catchUp()).toEqual([])
    expect(() => bus.subscribe('n', { wait: 0 as never })).toThrow(
      new TypeError('wait must be true or false, got 0'),
    )
  })

  test('an expired cursor is a gap: an error for subscribe, a warning for on', async () => {
    const stderr = silenceStderr()
    const bus = open({ ...options(), maxBytes: 16 * 4096, retentionMs: 60_000 })
    const first = await bus.emit('n', 0)
    for (let n = 1; n < 400; n += 1) await bus.emit('n', n, {})
    await bus.emit('n', 'x'.repeat(5000))
    const error = await bus
      .subscribe('n', { from: first.cursor })
      .next()
      .catch((caught: unknown) => caught as CliOpsError)
    expect(error).toMatchObject({ code: 'CURSOR_GAP', details: { expected: first.cursor } })
    const resumeAt = (error as CliOpsError).details!['resumeAt'] as Cursor
    const resumed = await bus.subscribe('n', { from: resumeAt }).next()
    expect(resumed.done).toBe(false)
    const onGap = vi.fn()
    const spy = vi.fn()
    bus.on('n', spy, { from: first.cursor })
    bus.on('n', spy, { from: first.cursor, onGap })
    await vi.waitUntil(() => onGap.mock.calls.length > 0 && stderr.text() !== '', 20_000)
    expect(onGap.mock.calls[0]![0]).toMatchObject({ expected: first.cursor, resumeAt })
    expect(stderr.text().match(/have expired/gu)).toHaveLength(1)
    const behind = await bus.once('n', { from: first.cursor, onGap })
    expect(behind.cursor).toBe((resumed.value as EventEnvelope).cursor)
  })

  test('when disabled, nothing is stored and no handler is called', async () => {
    const bus = open({ ...options(), disabled: true })
    const handler = vi.fn()
    bus.on('n', handler)
    expect((await bus.emit('n', 1)).cursor).toBe('')
    expect(bus.emitSync('n', 1).cursor).toBe('')
    expect(await bus.read('n')).toEqual([])
    expect(handler).not.toHaveBeenCalled()
  })
})

test('buses in memory are isolated from each other', async () => {
  const [one, other] = [open({ inMemory: true }), open({ inMemory: true })]
  const handler = vi.fn()
  other.on('*', handler)
  await one.emit('n', 1)
  expect(handler).not.toHaveBeenCalled()
})

test('nothing is touched before the first use', () => {
  const home = join(temporaryHome(), 'home')
  void new EventBus({ home }).close()
  expect(readdirSync(join(home, '..'))).toEqual([])
})

test('with an unusable home, one line says so and the host continues; a consumer’s end is its exit code', async () => {
  const home = join(temporaryHome(), 'file')
  writeFileSync(home, '')
  const script = `
    import { EventBus } from '@cli-ops/shared-ipc'
    const bus = new EventBus({ home: process.argv[1] })
    const first = bus.on('*', () => console.log('called'))
    const group = process.argv[2] === 'plain' ? undefined : 'g'
    const second = bus.on('*', () => console.log('called'), { group })
    await bus.emit('x').catch((error) => console.log(error.code))
    await first.ready.catch((error) => console.log(error.code))
    if (process.argv[2] === 'taken') await second.closed.catch((error) => console.log(error.code))
    console.log('goes on')`
  const start = async (how: string): Promise<{ code?: number; stdout: string; stderr: string }> =>
    run(process.execPath, ['--input-type=module', '-e', script, home, how]).catch(
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    )
  const [plain, left, taken] = await Promise.all(['plain', 'left', 'taken'].map(start))
  for (const { stdout, stderr } of [plain!, left!, taken!]) {
    expect(stdout).toMatch(/^(STORAGE_FAILED\n){2,3}goes on\n$/u)
    expect(stderr.split('\n')).toHaveLength(2)
    expect(stderr).toContain('events "*" are not received: cannot use')
  }
  expect([plain!.code, left!.code, taken!.code]).toEqual([undefined, 69, undefined])
})

test('a position that a new log does not have is a gap without a number of events', async () => {
  const bus = open({ inMemory: true })
  await expect(bus.read('*', { from: '99' as Cursor })).rejects.toThrow(/^events between 99 and 0/u)
})

test('a subscription keeps the process alive until it is ended, and nothing else does', async () => {
  const script = `
    import { EventBus } from '@cli-ops/shared-ipc'
    const bus = new EventBus({ home: process.argv[1] })
    const subscription = bus.on('*', () => subscription.unsubscribe())
    bus.subscribe('*')
    bus.emitSync('x')`
  const parameters = ['--input-type=module', '-e', script, temporaryHome()]
  expect(await run(process.execPath, parameters)).toMatchObject({ stderr: '' })
})

test('an emitted event is stored although the process ends in the same tick', async () => {
  const home = temporaryHome()
  const script = `
    import { EventBus } from '@cli-ops/shared-ipc'
    void new EventBus({ home: process.argv[1] }).emit('x', 1)
    process.exit(0)`
  await run(process.execPath, ['--input-type=module', '-e', script, home])
  expect((await open({ home }).read('x')).map(({ data }) => data)).toEqual([1])
})

test('refuses wrong options by name', () => {
  const wrong: [object, RegExp][] = [
    [{ inMemory: 1 }, /^inMemory must be true or false/u],
    [{ durable: 'yes' }, /^durable must/u],
    [{ source: 'a b' }, /^source must be a URI reference, got "a b"/u],
    [{ source: '' }, /^source/u],
    [{ source: 'http://[' }, /^source/u],
    [{ source: '%zz' }, /^source/u],
    [{ retentionMs: 0 }, /^retentionMs/u],
    [{ retentionMs: '5' }, /^retentionMs/u],
    [{ maxBytes: 1.5 }, /^maxBytes/u],
    [{ rateLimit: true }, /^rateLimit/u],
    [{ rateLimit: { max: 0, perMs: 1 } }, /^rateLimit.max/u],
    [{ rateLimit: { max: 1, perMs: 1, onLimit: 'wait' } }, /^rateLimit.onLimit/u],
    [{ schemas: { x: {} } }, /^schemas\["x"\] must be a Standard Schema/u],
    [{ schemas: 5 }, /^schemas/u],
  ]
  for (const [options, message] of wrong) expect(() => new EventBus(options)).toThrow(message)
})

test('types follow the event map', () => {
  const bus = open({ inMemory: true })
  bus.on('task:updated', (data) => {
    expectTypeOf(data.changes).toEqualTypeOf<{ [key: string]: unknown }>()
  })
  bus.on('task:*', (data, event) => {
    expectTypeOf(data).toEqualTypeOf<unknown>()
    if (event.type === 'task:created') expectTypeOf(event.data).toBeUnknown()
  })
  bus.on('mine:own', (data) => expectTypeOf(data).toEqualTypeOf<unknown>())
  // @ts-expect-error the id of a known event is a string
  const wrong = (): unknown => bus.emit('task:deleted', { id: 1 })
  // @ts-expect-error the data of a known event is not optional
  const missing = (): unknown => bus.emit('task:deleted')
  expect([wrong, missing]).toHaveLength(2)
  const own = new EventBus<{ 'deploy:done': { version: number } }>({ inMemory: true })
  own.on('deploy:done', ({ version }) => expectTypeOf(version).toEqualTypeOf<number>())
})
