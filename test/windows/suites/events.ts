// The event log between processes, over many segments.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { EventBus } from '@cli-ops/shared-ipc'

import { type NodeProcess, startNode } from '../parts/node-process.js'
import { temporaryFolder } from '../parts/temporary-folder.js'

const FIXTURES = new URL('../../../packages/core/test/fixtures/', import.meta.url)
/** Wine finds the end of a file and writes there in two steps, so two concurrent appends overwrite each other. */
const IS_WINE = process.env['WINEPREFIX'] !== undefined
/** Small segments in a log large enough for all of a test's events. */
const SMALL = { maxBytes: 1024 * 1024, retentionMs: 3_600_000 }

function startFixture(context: TestContext, name: string, args: readonly unknown[]): NodeProcess {
  const parameters = args.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
  return startNode(context, [fileURLToPath(new URL(name, FIXTURES)), ...parameters])
}

/** Returns what a reader has seen when it was done, in order. */
async function seenBy(reader: NodeProcess): Promise<string[]> {
  await reader.ended
  const lines = reader.stdout.trim().split(/\r?\n/u)
  const said = Object.assign(
    {},
    ...lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as object),
  ) as {
    seen?: string[]
    gaps?: number
    more?: number
  }
  assert.deepEqual({ gaps: said.gaps, more: said.more }, { gaps: 0, more: 0 }, reader.stderr)
  return said.seen ?? []
}

function segmentsOf(home: string): string[] {
  return readdirSync(join(home, 'events')).filter((name) => name.endsWith('.ndjson'))
}

test('three writers and a live reader, over many segments: nothing is lost, nothing comes twice, one order', async (context) => {
  const home = temporaryFolder()
  const COUNT = 400
  const total = 3 * COUNT
  const live = startFixture(context, 'event-reader.mjs', [home, String(total), SMALL])
  await live.says('ready')
  const write = async (name: string): Promise<void> => {
    const options = { ...SMALL, padding: 300 }
    const writer = startFixture(context, 'event-emitter.mjs', [home, name, String(COUNT), options])
    assert.equal(await writer.ended, 0, writer.stderr)
  }
  const names = ['a', 'b', 'c']
  if (IS_WINE) for (const name of names) await write(name)
  else await Promise.all(names.map(write))
  const seen = await seenBy(live)
  assert.equal(new Set(seen).size, total)
  assert.ok(segmentsOf(home).length > 4, `${segmentsOf(home).length} segments`)
  const options = { ...SMALL, from: 'earliest' }
  const late = startFixture(context, 'event-reader.mjs', [home, String(total), options])
  assert.deepEqual(await seenBy(late), seen)
})

test('a group gets what was emitted while it was away, and each event once', async (context) => {
  const home = temporaryFolder()
  const options = { group: 'g', from: 'earliest' }
  const bus = new EventBus({ home, rateLimit: false })
  context.after(() => bus.close())
  for (let n = 0; n < 20; n += 1) await bus.emit('count:up', { name: 'a', n })
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, index) => `a${from + index}`)
  const first = startFixture(context, 'event-reader.mjs', [home, '20', options])
  assert.deepEqual(await seenBy(first), numbers(0, 20))
  for (let n = 20; n < 30; n += 1) await bus.emit('count:up', { name: 'a', n })
  const second = startFixture(context, 'event-reader.mjs', [home, '10', options])
  assert.deepEqual(await seenBy(second), numbers(20, 30))
})

test('a group passes to another process when the one that has it is terminated', async (context) => {
  const home = temporaryFolder()
  const env = { CLI_OPS_HOME: home }
  const script = fileURLToPath(new URL('group-consumer.mjs', FIXTURES))
  const bus = new EventBus({ home, rateLimit: false })
  context.after(() => bus.close())
  const one = startNode(context, [script], env)
  await one.says('started')
  await bus.emit('job', { n: 1 })
  await one.says('end 1')
  const other = startNode(context, [script], env)
  await other.says('started')
  await bus.emit('job', { n: 2, kind: 'hang' })
  await one.says('begin 2')
  one.child.kill('SIGKILL')
  await bus.emit('job', { n: 3 })
  // The unfinished event begins again; it hangs there, too.
  await other.says('begin 2')
  assert.doesNotMatch(other.stdout, /begin 1/u)
})

test('expired events are removed while a reader is there, and a writer continues', async (context) => {
  const home = temporaryFolder()
  const bus = new EventBus({ home, rateLimit: false, maxBytes: 64 * 1024, retentionMs: 3_600_000 })
  context.after(() => bus.close())
  let count = 0
  const subscription = bus.on('count:up', () => (count += 1))
  await subscription.ready
  for (let n = 0; n < 400; n += 1) bus.emitSync('count:up', { n, pad: 'x'.repeat(400) })
  await bus.cleanOldEvents()
  assert.ok(!segmentsOf(home).includes('00000001.ndjson'), segmentsOf(home).join())
  await bus.emit('count:up', { n: 400 })
  const kept = await bus.read('*', { from: 'latest' })
  assert.ok(kept.length <= 401)
  assert.ok(count <= 401)
})
