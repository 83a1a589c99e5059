import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { EventBus } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { type Script, startScript } from '../../packages/core/test/fixtures/start-script.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { recordFigure } from './record-figure.js'
import { requireWrapper, type Wrapper } from './run-wrapped.js'
import { scale } from './scale.js'

/** A log large enough for everything in these tests, so that nothing expires. */
const KEEP_ALL = { maxBytes: 1024 * 1024 * 1024, retentionMs: 3_600_000 }

function emitter(home: string, name: string, count: number, options: object): Script {
  return startScript('event-emitter.mjs', [
    home,
    name,
    String(count),
    JSON.stringify({ ...KEEP_ALL, ...options }),
  ])
}

function reader(home: string, count: number, options: object, wrapper?: Wrapper): Script {
  const parameters = [home, String(count), JSON.stringify({ ...KEEP_ALL, ...options })]
  return startScript('event-reader.mjs', parameters, {}, wrapper)
}

interface Seen {
  readonly seen: readonly string[]
  readonly gaps: number
  /** Events that came after the last expected one. */
  readonly more: number
}

async function seenBy(script: Script): Promise<Seen> {
  const line = await script.line((text) => text.startsWith('{"seen"'))
  return { ...(JSON.parse(line) as Seen), ...(JSON.parse(await script.line()) as Seen) }
}

/**
 * Begins new segments repeatedly, as another program that follows the format might: it creates the next file, and the
 * process that finds it seals the previous one.
 */
async function rotateUntil(home: string, end: Promise<unknown>): Promise<number> {
  const directory = join(home, 'events')
  let ended = false
  let rotations = 0
  void end.then(() => (ended = true))
  while (!ended) {
    await delay(1)
    const newest = namesIn(directory).sort().at(-1)
    // By the format, a segment gets a successor only once it has begun.
    if (newest === undefined || statSync(join(directory, newest)).size === 0) continue
    const next = `${String(Number.parseInt(newest, 10) + 1).padStart(8, '0')}.ndjson`
    try {
      writeFileSync(join(directory, next), '', { flag: 'wx', mode: 0o600 })
      rotations += 1
    } catch {
      // A writer was faster.
    }
  }
  return rotations
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

function numbersOf(seen: readonly string[], name: string): number[] {
  return seen.filter((id) => id.startsWith(name)).map((id) => Number(id.slice(name.length)))
}

test('4 writers and 3 readers lose nothing, repeat nothing and see one order over many rotations', async () => {
  const home = temporaryHome()
  const each = scale(600, 5000)
  const count = each * 4
  const live = [reader(home, count, {}), reader(home, count, {})]
  await Promise.all(live.map((script) => script.line()))
  const writers = ['a', 'b', 'c', 'd'].map((name) => emitter(home, name, each, {}))
  const rotating = rotateUntil(home, Promise.all(writers.map((script) => script.ended)))
  await expect.poll(() => namesIn(home, 'events').length, { timeout: 60_000 }).toBeGreaterThan(2)
  const late = reader(home, count, { from: 'earliest' })
  const [first, second, third] = await Promise.all([...live, late].map(seenBy))
  const rotations = await rotating

  const lost = ['a', 'b', 'c', 'd'].filter(
    (name) => numbersOf(first!.seen, name).join() !== upTo(each).join(),
  )
  expect(lost).toEqual([])
  expect([first!.more, first!.gaps]).toEqual([0, 0])
  expect(second).toEqual(first)
  expect(third).toEqual(first)
  expect(rotations).toBeGreaterThanOrEqual(scale(10, 50))
  recordFigure({
    what: `4 writers × ${each} events, 2 live and 1 late reader`,
    goal: '0 lost, 0 twice, one order for all, over ≥ 50 rotations',
    found: `0 lost, 0 twice, one order, ${rotations} rotations`,
    met: rotations >= 50,
  })
})

test('a writer killed in mid-append loses nothing acknowledged, and nothing from others', async () => {
  const home = temporaryHome()
  const kills = scale(8, 200)
  const bystander = new EventBus({ home, rateLimit: false, ...KEEP_ALL })
  onTestFinished(() => bystander.close())
  const acknowledged: string[] = []
  let own = 0
  let round = 0
  const strike = async (): Promise<void> => {
    while (round < kills) {
      const name = `r${(round += 1)}-`
      const script = emitter(home, name, 1_000_000, { padding: 3000, acknowledge: true, batch: 3 })
      await script.line((line) => Number(line) >= 5 + (round % 20))
      await bystander.emit('count:up', { name: 'by', n: own++ })
      process.kill(script.pid, 'SIGKILL')
      await script.ended
      for (const n of upTo(Number(script.lines.at(-1)) + 1)) acknowledged.push(`${name}${n}`)
      await bystander.emit('count:up', { name: 'by', n: own++ })
    }
  }
  await rotateUntil(home, Promise.all([strike(), strike()]))

  const events = await bystander.read('count:up')
  const stored = events.map(({ data }) => {
    const { name, n } = data as { name: string; n: number }
    return `${name}${n}`
  })
  const kept = new Set(stored)
  expect(kept.size).toBe(stored.length)
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([])
  expect(numbersOf(stored, 'by').sort((one, other) => one - other)).toEqual(upTo(own))
  recordFigure({
    what: `${kills} × kill -9 in mid-append, segments changing all the while`,
    goal: '0 acknowledged events lost, 0 of a bystander',
    found: `0 of ${acknowledged.length} acknowledged, 0 of ${own} of the bystander`,
    met: true,
  })
})

/** Wrappers that deprive a reader of the kernel's notifications. */
const NO_INOTIFY: Wrapper = [
  'unshare',
  '-U',
  '-r',
  'sh',
  '-ec',
  'echo 0 > /proc/sys/user/max_inotify_instances\nexec "$@"',
  'sh',
]

describe.each<[string, Wrapper | undefined]>([
  ['with notifications', undefined],
  ['without a single inotify instance', NO_INOTIFY],
])('a reader %s', (title, wrapper) => {
  test('that is stopped during many emits gets all of them', async (context) => {
    if (wrapper !== undefined) requireWrapper(context, wrapper)
    const home = temporaryHome()
    const [count, stoppedMs] = scale([4000, 300], [20_000, 3000])
    const script = reader(home, count, {}, wrapper)
    await script.line()
    const bus = new EventBus({ home, rateLimit: false, ...KEEP_ALL })
    onTestFinished(() => bus.close())
    const emit = (from: number, to: number): Promise<unknown> =>
      Promise.all(upTo(to - from).map((n) => bus.emit('count:up', { name: 'a', n: from + n })))
    await emit(0, 10)
    process.kill(script.pid, 'SIGSTOP')
    const over = delay(stoppedMs)
    for (let n = 10; n < count; n += 1000) await emit(n, Math.min(count, n + 1000))
    await over
    process.kill(script.pid, 'SIGCONT')
    const { seen, gaps, more } = await seenBy(script)
    expect(numbersOf(seen, 'a')).toEqual(upTo(count))
    expect([gaps, more]).toEqual([0, 0])
    recordFigure({
      what: `a reader ${title}, blocked for ${stoppedMs / 1000} s during ${count} emits`,
      goal: 'all delivered',
      found: `${seen.length} of ${count}`,
      met: true,
    })
  })

  test('gets what is emitted while it waits', async (context) => {
    if (wrapper !== undefined) requireWrapper(context, wrapper)
    const home = temporaryHome()
    const script = reader(home, 3, { each: true }, wrapper)
    await script.line()
    const bus = new EventBus({ home, rateLimit: false })
    onTestFinished(() => bus.close())
    for (const n of upTo(3)) {
      await bus.emit('count:up', { name: 'a', n })
      await script.line((line) => line.startsWith(`a${n} `))
    }
    // It gets one warning, and no other.
    expect(script.stderr.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(1)
  })
})
