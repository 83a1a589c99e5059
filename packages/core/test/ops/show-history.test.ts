import { appendFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { nodeFileSystem } from '../../src/drivers/local/home/file-system.js'
import { Home } from '../../src/drivers/local/home/home.js'
import { LockHistoryLog } from '../../src/drivers/local/events/lock-history-log.js'
import { LockActor } from '../fixtures/start-lock-actor.js'
import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'
import { runOpsCommand } from './run-ops.js'

interface History {
  readonly turns: readonly {
    readonly id?: string
    readonly outcome: string
    readonly by?: object
  }[]
}

async function historyOf(home: string, ...args: string[]): Promise<History> {
  const { stdout } = await runOpsCommand(home, 'history', { json: true }, { args })
  return JSON.parse(stdout) as History
}

/** A bus whose events expire immediately. */
function forgetful(home: string): EventBus {
  const bus = new EventBus({ home, rateLimit: false, retentionMs: 1, maxBytes: 64 * 1024 })
  onTestFinished(() => bus.close())
  return bus
}

/** Makes every event in the log expire. */
async function expire(bus: EventBus): Promise<void> {
  await sleep(20)
  // The newest segment is never removed, so two new ones begin after the expiring events.
  await bus.emit('item:created', { id: 'x' })
  await sleep(20)
  await bus.emit('item:created', { id: 'y' })
  await sleep(20)
  await bus.cleanOldEvents()
}

async function tellTurn(bus: EventBus, id: string): Promise<void> {
  await bus.emit('command:completed', {
    cli: 'cli-alpha',
    command: 'deploy',
    instance: 'i',
    exitCode: 0,
    durationMs: 70_000,
    lock: { resource: 'production', id, label: 'eu', waitedMs: 61_000, heldMs: 240_000 },
  })
}

test('a turn is in the history once, long after its event has expired', async () => {
  const home = temporaryHome()
  const bus = forgetful(home)
  await tellTurn(bus, 'grant-1')
  expect((await historyOf(home)).turns).toMatchObject([{ id: 'grant-1', outcome: 'released' }])
  await expire(bus)
  const kept = await bus.read('command:completed', { from: 'earliest' })
  expect(kept).toEqual([])
  expect((await historyOf(home, 'production')).turns).toMatchObject([{ id: 'grant-1' }])
  expect((await historyOf(home, 'other')).turns).toEqual([])
  const { status, stdout } = await runOpsCommand(home, 'history')
  expect(status).toBe(0)
  expect(stdout).toMatch(/ production +cli-alpha deploy "eu" +1 min 1 s +4 min +0 +released$/mu)
  expect(stdout).toContain('"production" by cli-alpha deploy: 4 min, once')
  const past = await runOpsCommand(home, 'history', { since: '2030-01-01' })
  expect(past.stdout).toMatch(
    /^No process has held and released any lock since 2030.*\. The last one before ended at .*; --since shows earlier ones/u,
  )
})

test('keeps neither other kinds of events nor anything else', async () => {
  const home = temporaryHome()
  const bus = forgetful(home)
  await (bus as EventBus<Record<string, unknown>>).emit('task:created', {
    lock: { resource: 'no' },
  })
  await expire(bus)
  expect(namesIn(home, 'history')).toEqual([])
  await tellTurn(bus, 'grant-1')
  await expire(bus)
  const [file = ''] = namesIn(home, 'history')
  // A process was killed while writing.
  appendFileSync(join(home, 'history', file), '\n{"specversion":"1.0","id":"torn","type":"lock:lo')
  await tellTurn(bus, 'grant-2')
  await expire(bus)
  const { turns } = await historyOf(home)
  expect(turns.map(({ id }) => id)).toEqual(['grant-1', 'grant-2'])
})

test('is bounded: the oldest file goes when a fifth one would begin', async () => {
  const home = temporaryHome()
  const history = new LockHistoryLog(new Home(home, '', nodeFileSystem))
  const data = { resource: 'db', id: 'x', owner: { name: 'a', note: 'n'.repeat(100_000) } }
  const line = (id: string): string =>
    `\n${JSON.stringify({ specversion: '1.0', id, source: '/s', type: 'lock:released', time: new Date().toISOString(), datacontenttype: 'application/json', data })}\n`
  const segment = join(home, 'expired.ndjson')
  for (let round = 0; round < 60; round += 1) {
    appendFileSync(segment, line(String(round)), { flag: 'w' })
    for (let again = 1; again < 8; again += 1) appendFileSync(segment, line(`${round}.${again}`))
    history.keep(segment, 1)
  }
  const files = readdirSync(join(home, 'history'))
  expect(files).toHaveLength(4)
  const bytes = files.map((file) => statSync(join(home, 'history', file)).size)
  for (const size of bytes) expect(size).toBeLessThan(5 * 1024 * 1024)
  const ids = history.read().map(({ id }) => id)
  expect(ids.at(-1)).toBe('59.7')
  expect(ids).not.toContain('0')
})

test('names who took a lock, and who had it', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const lock = await locks.lock('db', { label: 'eu' })
  onTestFinished(() => lock.release())
  await runOpsCommand(home, 'locks release', { id: lock.id }, { args: ['db'] })
  expect((await historyOf(home)).turns).toMatchObject([
    {
      outcome: 'forced',
      id: lock.id,
      label: 'eu',
      by: { name: 'cli', command: 'ops locks release' },
    },
  ])
})

test.each(['nobody', 'a clean-up', 'the next holder'])(
  'a holder that was killed is in the history once, noticed by %s',
  async (who) => {
    const home = temporaryHome()
    const holder = await LockActor.start(home)
    onTestFinished(() => holder.kill())
    await holder.call('tryLock', { resource: 'db' })
    const locks = new LockManager({ home })
    onTestFinished(() => locks.close())
    const held = (await locks.inspect('db'))!
    await holder.kill()
    if (who === 'a clean-up') await locks.cleanStaleLocks()
    if (who === 'the next holder') await locks.lock('db')
    for (let look = 0; look < 2; look += 1) {
      const { turns } = await historyOf(home)
      expect(turns).toMatchObject([
        { resource: 'db', outcome: 'killed', id: held.id, holder: { pid: holder.pid } },
      ])
    }
    const { stdout } = await runOpsCommand(home, 'history')
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}Z +db .* at most \d+ m?s +- +killed$/mu)
  },
)

test('an uncontended lock of the library leaves only itself', async () => {
  const home = temporaryHome()
  await new LockManager({ home }).acquire('db', () => undefined)
  expect(namesIn(home, 'events')).toEqual([])
})

test('inspecting creates nothing, and a wrong argument is refused', async () => {
  const home = temporaryHome()
  expect((await runOpsCommand(home, 'history')).stdout).toMatch(
    /^No process has held and released any lock/u,
  )
  expect(readdirSync(home)).toEqual([])
  const wrong = await runOpsCommand(home, 'history', { since: 'yesterday' })
  expect(wrong).toMatchObject({ status: 2, stdout: '' })
  expect(wrong.stderr).toContain('--since')
})
