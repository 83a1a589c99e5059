import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventBus } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { type Script, startScript } from '../../../fixtures/start-script.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

/** 4 KiB segments, of which the oldest soon expire. */
const TINY = { maxBytes: 64 * 1024, retentionMs: 3_600_000 }
/** Small segments in a log that is large enough for all of a test's events. */
const SMALL = { maxBytes: 1024 * 1024, retentionMs: 3_600_000 }

function reader(home: string, count: number, options: object): Script {
  return startScript('event-reader.mjs', [home, String(count), JSON.stringify(options)])
}

async function result(script: Script): Promise<{ seen: string[]; gaps: number }> {
  const line = await script.line((text) => text.startsWith('{"seen"'))
  const more = await script.line()
  expect(JSON.parse(more)).toEqual({ more: 0 })
  return JSON.parse(line) as { seen: string[]; gaps: number }
}

function openBus(home: string, options: object = {}): EventBus {
  const bus = new EventBus({ home, rateLimit: false, ...options })
  onTestFinished(() => bus.close())
  return bus
}

function numbersOf(seen: readonly string[], name: string): number[] {
  return seen.filter((id) => id.startsWith(name)).map((id) => Number(id.slice(name.length)))
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n)
}

describe('writers and readers in several processes', () => {
  test('a stopped reader catches up, and one stopped for too long learns of the gap', async () => {
    const home = temporaryHome()
    const script = reader(home, 500, { ...SMALL, each: true })
    await script.line()
    process.kill(script.pid, 'SIGSTOP')
    const bus = openBus(home, SMALL)
    await Promise.all(upTo(500).map((n) => bus.emit('count:up', { name: 'a', n })))
    process.kill(script.pid, 'SIGCONT')
    const { seen, gaps } = await result(script)
    expect(numbersOf(seen, 'a')).toEqual(upTo(500))
    expect(gaps).toBe(0)

    const behind = reader(home, 1, { ...TINY, pattern: 'end:*' })
    await behind.line()
    process.kill(behind.pid, 'SIGSTOP')
    const rotating = openBus(home, TINY)
    for (const n of upTo(60))
      await Promise.all(
        upTo(20).map(() => rotating.emit('count:up', { name: 'b', n, pad: 'x'.repeat(200) })),
      )
    await rotating.emit('end:now', { name: 'end', n: 0 })
    process.kill(behind.pid, 'SIGCONT')
    expect((await result(behind)).gaps).toBeGreaterThan(0)
  })
})

test('a torn record is skipped and damages no neighbour', async () => {
  const home = temporaryHome()
  const bus = openBus(home)
  await bus.emit('count:up', { n: 0 })
  const segment = join(home, 'events', '00000001.ndjson')
  appendFileSync(segment, '\n{"specversion":"1.0","id":"torn","type":"count:up","da')
  await bus.emit('count:up', { n: 1 })
  appendFileSync(segment, Buffer.from([0x0a, 0xff, 0xfe, 0x00, 0x0a, 0x0a, 0x7b, 0x7d, 0x0a]))
  await bus.emit('count:up', { n: 2 })
  expect((await bus.read('*')).map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
})

describe('a durable group', () => {
  test('gets what was emitted while it was away, each event once', async () => {
    const home = temporaryHome()
    const first = reader(home, 2, { group: 'g' })
    await first.line()
    const bus = openBus(home)
    for (const n of [0, 1]) await bus.emit('count:up', { name: 'a', n })
    expect((await result(first)).seen).toEqual(['a0', 'a1'])
    await first.ended
    for (const n of [2, 3, 4]) await bus.emit('count:up', { name: 'a', n })
    expect((await result(reader(home, 3, { group: 'g' }))).seen).toEqual(['a2', 'a3', 'a4'])
  })

  test('has one active reader; a standby takes over when it is killed', async () => {
    const home = temporaryHome()
    const bus = openBus(home)
    const active = reader(home, 1000, { group: 'g', each: true })
    await active.line()
    const standby = reader(home, 1, { group: 'g', each: true })
    await bus.emit('count:up', { name: 'a', n: 0 })
    await active.line((line) => line.startsWith('a0 '))
    expect(standby.lines).toEqual([])
    process.kill(active.pid, 'SIGSTOP')
    await bus.emit('count:up', { name: 'a', n: 1 })
    process.kill(active.pid, 'SIGKILL')
    await active.ended
    const seen: string[] = []
    for (;;) {
      const line = await standby.line((text) => text.startsWith('a'))
      seen.push(line.split(' ')[0]!)
      if (seen.at(-1) === 'a1') break
      // Killed between handler and commit, the active reader leaves its last event to be handled again.
      expect(seen).toEqual(['a0'])
    }
  })

  test('continues at the oldest event in the log, and says so, if its cursor is unreadable', async () => {
    const home = temporaryHome()
    const bus = openBus(home)
    for (const n of [0, 1]) await bus.emit('count:up', { n })
    const start = async (): Promise<{ seen: unknown[]; gaps: number }> => {
      const seen: unknown[] = []
      let gaps = 0
      const subscriber = openBus(home)
      await new Promise<void>((resolve) => {
        const handler = (data: unknown): void => {
          seen.push(data)
          if (seen.length === 2) resolve()
        }
        subscriber.on('*', handler, { group: 'g', from: 'earliest', onGap: () => (gaps += 1) })
      })
      await subscriber.close()
      return { seen, gaps }
    }
    expect(await start()).toEqual({ seen: [{ n: 0 }, { n: 1 }], gaps: 0 })
    const file = join(home, 'groups', 'g.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ group: 'g' })
    for (const garbage of ['', '{"cursor":"1:', 'null', '{"cursor":{}}', '{"cursor":"-1:5"}']) {
      writeFileSync(file, garbage)
      expect(await start()).toEqual({ seen: [{ n: 0 }, { n: 1 }], gaps: 1 })
    }
  })
})
