import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createCoordinator,
  EventBus,
  type EventEnvelope,
  LockManager,
  ServiceRegistry,
} from '@cli-ops/shared-ipc'
import { serviceRecordSchema, settlingRecordNameSchema } from '@cli-ops/shared-ipc/schemas'
import { describe, expect, test } from 'vitest'

import { settlingFileName } from '../../src/drivers/local/registry/settling-file-name.js'
import { parseRecordFileName } from '../../src/drivers/local/registry/record-file-name.js'
import type { ServiceRecord } from '../../src/registry/contract/registry-driver.js'
import { StayingCommand } from '../fixtures/start-staying-command.js'
import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

const runtime = temporaryRuntime()

/** Returns the events as stored, read in a way that detects no dead process. */
function stored(home: string): EventEnvelope[] {
  return namesIn(home, 'events')
    .flatMap((name) => readFileSync(join(home, 'events', name), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{"specversion"'))
    .map((line) => JSON.parse(line) as EventEnvelope)
}

function typesIn(home: string): string[] {
  return stored(home).map(({ type }) => type)
}

function onlyRecord(home: string): { readonly path: string; readonly record: ServiceRecord } {
  const [name = '', ...others] = namesIn(home, 'registry')
  expect(others).toEqual([])
  const path = join(home, 'registry', name)
  return { path, record: serviceRecordSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) }
}

async function discover(home: string): Promise<unknown[]> {
  await using registry = new ServiceRegistry({ home })
  return await registry.discover()
}

async function clean(home: string): Promise<unknown[]> {
  await using registry = new ServiceRegistry({ home })
  return await registry.cleanDeadProcesses()
}

/** Kills a command whose death no process has noticed yet. */
async function killedIn(home: string): Promise<{ readonly path: string; readonly body: string }> {
  const command = await StayingCommand.start(home)
  const { path } = onlyRecord(home)
  await command.kill()
  expect(typesIn(home)).toEqual(['command:started'])
  return { path, body: readFileSync(path, 'utf8') }
}

describe.each(['waits', 'blocks'] as const)('a command that %s', (how) => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'is killed by %s: the first process to notice stores its end, once',
    async (signal) => {
      const home = temporaryHome()
      const command = await StayingCommand.start(home, { how, commands: ['task add'] })
      await command.kill(signal)
      expect(await discover(home)).toEqual([])
      expect(await discover(home)).toEqual([])
      const [started, failed, ...others] = stored(home)
      expect(others).toEqual([])
      const data = started?.data as { instance: string }
      expect(failed).toMatchObject({ type: 'command:failed', source: started?.source })
      expect(failed?.id).not.toBe(started?.id)
      expect(failed?.data).toEqual({
        cli: 'fixture',
        command: 'task add',
        instance: data.instance,
        exitCode: null,
        durationMs: expect.any(Number) as number,
      })
      expect(namesIn(home, 'registry')).toEqual([])
    },
  )
})

describe('its end is noticed by', () => {
  const looks: Record<string, (home: string) => Promise<unknown>> = {
    'who asks who is running': discover,
    'a clean-up': clean,
    'who reads the events': async (home) => {
      await using bus = new EventBus({ home })
      const events = await bus.read('command:failed')
      expect(events).toMatchObject([{ data: { exitCode: null } }])
    },
    'the next command': async (home) => {
      rmSync(join(home, 'last-clean-up'))
      const next = await StayingCommand.start(home, { commands: ['next'] })
      await next.end()
    },
  }
  test.each(Object.keys(looks))('%s', async (name) => {
    const home = temporaryHome()
    await killedIn(home)
    await looks[name]?.(home)
    const ofNext = name === 'the next command' ? ['command:started', 'command:completed'] : []
    expect(typesIn(home)).toEqual(['command:started', 'command:failed', ...ofNext])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('a subscriber, without any other reader', async () => {
    const home = temporaryHome()
    await using bus = new EventBus({ home })
    const heard = bus.once('command:failed')
    const command = await StayingCommand.start(home)
    await command.kill()
    expect((await heard).data).toMatchObject({ cli: 'fixture', command: 'stay', exitCode: null })
  })

  test('a subscriber, for a command killed before it came', async () => {
    const home = temporaryHome()
    await killedIn(home)
    await using bus = new EventBus({ home })
    expect((await bus.once('command:failed')).data).toMatchObject({ command: 'stay' })
  })

  test('a group, even if the command ran before it came', async () => {
    const home = temporaryHome()
    const command = await StayingCommand.start(home)
    await using bus = new EventBus({ home })
    const heard = new Promise((resolve) => bus.on('command:failed', resolve, { group: 'g' }))
    await command.kill()
    expect(await heard).toMatchObject({ command: 'stay', exitCode: null })
  })

  test('a watch of the registry', async () => {
    const home = temporaryHome()
    const command = await StayingCommand.start(home)
    await using registry = new ServiceRegistry({ home })
    for await (const { type } of registry.watch()) {
      if (type === 'down') break
      void command.kill()
    }
    expect(typesIn(home)).toEqual(['command:started', 'command:failed'])
  })

  test.each(['exclusive', 'shared'] as const)('a waiter for its lock, held %s', async (mode) => {
    const home = temporaryHome()
    const options = { commands: { stay: { lock: { resource: 'db', mode } } } }
    const command = await StayingCommand.start(home, { options })
    await using locks = new LockManager({ home })
    let isWaiting: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => (isWaiting = resolve))
    const pending = locks.lock('db', { onWait: isWaiting })
    await waiting
    await command.kill()
    await using _lock = await pending
    await expect
      .poll(() => typesIn(home), { timeout: 60_000 })
      .toEqual(['command:started', 'command:failed'])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('the next command under its lock', async () => {
    const home = temporaryHome()
    const options = { commands: { stay: { lock: 'db' } } }
    const command = await StayingCommand.start(home, { options })
    await command.kill()
    const next = await StayingCommand.start(home, { options })
    await expect
      .poll(() => typesIn(home), { timeout: 60_000 })
      .toEqual(['command:started', 'command:started', 'command:failed'])
    await next.end()
  })

  test('all of them together: it is stored once', async () => {
    const home = temporaryHome()
    const command = await StayingCommand.start(home)
    await using one = createCoordinator({ name: 'one', home })
    const heard = one.events.once('command:failed')
    await command.kill()
    await Promise.all([discover(home), clean(home), heard, clean(home), discover(home)])
    expect(typesIn(home)).toEqual(['command:started', 'command:failed'])
  })
})

describe('nothing is stored', () => {
  test('if lifecycle events are off', async () => {
    const home = temporaryHome()
    const command = await StayingCommand.start(home, { options: { lifecycleEvents: false } })
    expect(onlyRecord(home).record.commands).toBeUndefined()
    await command.kill()
    expect(await clean(home)).toMatchObject([{ name: 'fixture' }])
    expect(stored(home)).toEqual([])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('if the process was killed after its last event, before it removed its record', async () => {
    const home = temporaryHome()
    const command = await StayingCommand.start(home)
    const { path } = onlyRecord(home)
    const body = readFileSync(path, 'utf8')
    await command.end()
    expect(typesIn(home)).toEqual(['command:started', 'command:completed'])
    writeFileSync(path, body)
    await clean(home)
    expect(typesIn(home)).toEqual(['command:started', 'command:completed'])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('while the process may live: in another pid namespace', async () => {
    const home = temporaryHome()
    const { path } = await killedIn(home)
    // Without a start time, the table of the initial namespace does not help either.
    const elsewhere = path.replace(/\.s\d+(\.b\w+)\.n\d+\./u, '.s$1.n1.')
    renameSync(path, elsewhere)
    await clean(home)
    expect(typesIn(home)).toEqual(['command:started'])
    expect(onlyRecord(home).path).toBe(elsewhere)
  })

  test('for an invalid value in the record', async () => {
    const home = temporaryHome()
    const { path, body } = await killedIn(home)
    const record = JSON.parse(body) as object
    const commands = [
      { command: 1, startedAt: 1, endId: 'a-1' },
      { command: 'x', startedAt: 'now', endId: 'a-2' },
      { command: 'x', startedAt: 1, endId: '","type":"forged' },
      null,
    ]
    writeFileSync(path, JSON.stringify({ ...record, commands }))
    expect(await clean(home)).toMatchObject([{ name: 'fixture' }])
    expect(typesIn(home)).toEqual(['command:started'])
    expect(namesIn(home, 'registry')).toEqual([])
  })
})

describe('a process with several commands', () => {
  test('leaves the end of the current one', async () => {
    const home = temporaryHome()
    const command = await StayingCommand.start(home, { commands: ['first', 'second'] })
    expect(onlyRecord(home).record.commands).toMatchObject([{ command: 'second' }])
    await command.kill()
    await clean(home)
    const ends = stored(home).map(({ type, data }) => [type, (data as { command: string }).command])
    expect(ends).toEqual([
      ['command:started', 'first'],
      ['command:completed', 'first'],
      ['command:started', 'second'],
      ['command:failed', 'second'],
    ])
    expect(new Set(stored(home).map(({ id }) => id)).size).toBe(4)
  })

  test('that also serves: its record keeps endpoint and commands, and its socket goes', async () => {
    const home = temporaryHome()
    const command = await StayingCommand.start(home, { commands: ['one', 'two'], serves: true })
    await expect
      .poll(() => onlyRecord(home).record, { timeout: 60_000 })
      .toMatchObject({ endpoint: expect.any(String) as string, commands: [{ command: 'two' }] })
    await command.kill()
    await clean(home)
    expect(typesIn(home).slice(-2)).toEqual(['command:started', 'command:failed'])
    expect(runtime.sockets()).toEqual([])
  })

  test('all of them in progress: each end is stored', async () => {
    const home = temporaryHome()
    const { path, body } = await killedIn(home)
    const record = JSON.parse(body) as ServiceRecord
    const [command] = record.commands ?? []
    const commands = [command, { ...command, command: 'inner', endId: `${record.instance}-99` }]
    writeFileSync(path, JSON.stringify({ ...record, commands }))
    await clean(home)
    const failed = stored(home).filter(({ type }) => type === 'command:failed')
    expect(failed.map(({ data }) => (data as { command: string }).command)).toEqual([
      'stay',
      'inner',
    ])
  })
})

describe('a process killed while settling a record', () => {
  /** Takes a record for settling, in a process that is then killed. */
  async function takenBy(
    settler: 'dead' | 'living',
  ): Promise<{ home: string; taken: string; other: StayingCommand }> {
    const home = temporaryHome()
    const { path } = await killedIn(home)
    const file = parseRecordFileName(path.slice(path.lastIndexOf('/') + 1))
    // It works elsewhere, so that only its identity is here.
    const elsewhere = temporaryHome()
    const other = await StayingCommand.start(elsewhere)
    const identity = parseRecordFileName(namesIn(elsewhere, 'registry')[0] ?? '')?.identityText
    if (file === undefined || identity === undefined) throw new Error('no record')
    const taken = join(home, 'registry', settlingFileName(file, identity))
    renameSync(path, taken)
    settlingRecordNameSchema.parse(namesIn(home, 'registry')[0])
    if (settler === 'dead') await other.kill()
    return { home, taken, other }
  }

  test('is followed by the next one', async () => {
    const { home } = await takenBy('dead')
    expect(await clean(home)).toMatchObject([
      { name: 'fixture', pid: expect.any(Number) as number },
    ])
    expect(typesIn(home)).toEqual(['command:started', 'command:failed'])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('is followed by any process that asks who is running', async () => {
    const { home } = await takenBy('dead')
    expect(await discover(home)).toEqual([])
    expect(typesIn(home)).toEqual(['command:started', 'command:failed'])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('may have already stored the end', async () => {
    const { home, taken } = await takenBy('dead')
    const body = readFileSync(taken, 'utf8')
    await clean(home)
    writeFileSync(taken, body)
    await clean(home)
    expect(typesIn(home)).toEqual(['command:started', 'command:failed'])
    expect(namesIn(home, 'registry')).toEqual([])
  })

  test('is left alone while it lives, and a subscriber waits for its end', async () => {
    const { home, taken, other } = await takenBy('living')
    expect(await clean(home)).toEqual([])
    expect(await discover(home)).toEqual([])
    expect(typesIn(home)).toEqual(['command:started'])
    expect(existsSync(taken)).toBe(true)
    await using bus = new EventBus({ home })
    const heard = bus.once('command:failed')
    await other.kill()
    await heard
    expect(typesIn(home)).toEqual(['command:started', 'command:failed'])
  })
})

test('if the log cannot be written, the record stays for the next process', async () => {
  const home = temporaryHome()
  const { path } = await killedIn(home)
  const events = join(home, 'events')
  renameSync(events, join(home, 'aside'))
  writeFileSync(events, 'no directory')
  expect(await discover(home)).toEqual([])
  expect(await clean(home)).toEqual([])
  expect(onlyRecord(home).path).toBe(path)
  rmSync(events)
  renameSync(join(home, 'aside'), events)
  expect(await clean(home)).toMatchObject([{ name: 'fixture' }])
  expect(typesIn(home)).toEqual(['command:started', 'command:failed'])
})
