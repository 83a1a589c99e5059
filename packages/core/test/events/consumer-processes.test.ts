import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { EventBus } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test, vi } from 'vitest'

import { type Script, startScript } from '../fixtures/start-script.js'
import { temporaryHome } from '../fixtures/temporary-home.js'

interface Bench {
  readonly bus: EventBus
  readonly home: string
  emit(...kinds: string[]): Promise<void>
  start(handlerTimeoutMs?: number, workMs?: number): Script
  parked(): Promise<unknown[]>
}

function setUp(): Bench {
  const home = temporaryHome()
  const bus = new EventBus({ home, rateLimit: false })
  onTestFinished(() => bus.close())
  let count = 0
  return {
    bus,
    home,
    async emit(...kinds) {
      for (const kind of kinds) await bus.emit('job', { n: (count += 1), kind })
    },
    start: (handlerTimeoutMs = 0, workMs = 0) =>
      startScript('group-consumer.mjs', [String(handlerTimeoutMs), String(workMs)], {
        CLI_OPS_HOME: home,
      }),
    async parked() {
      const all: unknown[] = []
      for await (const { event, attempts, error } of bus.parked('g'))
        all.push([(event.data as { n: number }).n, attempts, error])
      return all
    },
  }
}

/** Returns what a consumer has printed about events. */
function worked({ lines }: Script): string[] {
  return lines.filter((line) => line !== 'started')
}

test.each(['kill', 'exit'])(
  'an event that ends its process each time (%s) is parked, and the following ones are handled',
  async (kind) => {
    const { emit, start, parked } = setUp()
    await emit('good', kind, 'good')
    const handled: string[] = []
    for (let starts = 0; starts < 5; starts += 1) {
      const script = start()
      expect(await script.ended).toBe(kind === 'kill' ? 'SIGKILL' : 1)
      handled.push(...worked(script))
    }
    const last = start()
    await last.line((line) => line === 'end 3')
    expect(handled.filter((line) => line.startsWith('begin'))).toEqual([
      'begin 1',
      ...Array.from({ length: 5 }, () => 'begin 2'),
    ])
    expect(worked(last)).toEqual(['begin 3', 'end 3'])
    expect(await parked()).toEqual([[2, 5, 'the process ended during the last attempt']])
  },
)

test('a process whose handler hangs loses the group to a standby, and the event is finally parked', async () => {
  const { emit, start, parked } = setUp()
  const scripts = [start(100), start(100)]
  // Both stand by before there is anything to do.
  for (const script of scripts) await script.line((line) => line === 'started')
  await emit('hang', 'good')
  await Promise.any(scripts.map((script) => script.line((line) => line === 'end 2')))
  expect(await parked()).toEqual([[1, 5, 'the handler has not finished within 100 ms']])
  const tries = scripts.map(({ lines }) => lines.filter((line) => line === 'begin 1').length)
  expect(tries[0]! + tries[1]!).toBe(5)
  expect(Math.min(...tries)).toBeGreaterThan(0)
})

test('SIGTERM in the middle of an event finishes it and leaves the rest: nothing is cut off or repeated', async () => {
  const { emit, start } = setUp()
  await emit(...Array.from({ length: 12 }, () => 'good'))
  const lines: string[] = []
  for (let starts = 0; starts < 4; starts += 1) {
    const script = start(0, 30)
    await script.line((line) => line.startsWith('begin'))
    script.child.kill('SIGTERM')
    expect(await script.ended).toBe(0)
    expect(script.lines.at(-1)).toBe('closed')
    lines.push(...worked(script).slice(0, -1))
  }
  const count = lines.length / 2
  expect(lines).toEqual(
    Array.from({ length: count }, (_, index) => [`begin ${index + 1}`, `end ${index + 1}`]).flat(),
  )
})

test('a consumer continues after its log was unreadable for a while', async () => {
  const { emit, start, home } = setUp()
  const script = start()
  await script.line((line) => line === 'started')
  await emit('good')
  await script.line((line) => line === 'end 1')
  const log = join(home, 'events')
  renameSync(log, `${log}.away`)
  writeFileSync(log, '')
  await vi.waitUntil(() => script.stderr.includes('are not received'), 60_000)
  rmSync(log)
  renameSync(`${log}.away`, log)
  await emit('good')
  await script.line((line) => line === 'end 2')
})

test('a consumer whose log is gone for good ends its process with a code that says so', async () => {
  const script = startScript('group-consumer.mjs', [], { CLI_OPS_HOME: '/dev/null/home' })
  expect(await script.ended).toBe(1)
  expect(script.stderr).toContain('a part of the path is a file')
})
