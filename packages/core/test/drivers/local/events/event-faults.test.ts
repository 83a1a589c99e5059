import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { AppendOptions, EventReader, EventRecord } from '../../../../src/drivers/driver.js'
import { createLocalEvents } from '../../../../src/drivers/local/events/local-events.js'
import { type FileSystem, nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import * as localParts from '../../../../src/drivers/local/local-parts.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import { UsualDriver } from '../../../../src/drivers/local/usual-driver.js'
import { createEventRecord } from '../../../../src/events/contract/event-record.js'
import type { Cursor, StartPosition } from '../../../../src/events/contract/event-types.js'
import type { LockInfo } from '../../../../src/locks/contract/lock-types.js'
import { monotonicMs } from '../../../../src/base/process/monotonic-time.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

const MEBIBYTE = 1024 * 1024
const OPTIONS: AppendOptions = {
  retention: { retentionMs: 60_000, maxBytes: MEBIBYTE },
  durable: false,
}

const eventOf = (data: unknown): EventRecord =>
  createEventRecord({ type: 'n', data, source: '/t', traceparent: undefined })

/** Returns a log on a faulty file system, with a clock that can be set. */
function openLog(
  root = temporaryHome(),
  faults: Partial<FileSystem> = {},
  now = Date.now,
  options = OPTIONS,
) {
  const fileSystem = { ...nodeFileSystem, ...faults }
  const groupLocks = createLocalLocks(new Home(root, '', fileSystem, 'event-groups'))
  const home = new Home(root, '', fileSystem)
  const events = createLocalEvents(home, () => groupLocks, now)
  onTestFinished(() => events.close())
  const emit = (...data: unknown[]): Cursor[] => events.appendSync(data.map(eventOf), options)
  const { events: directory, groups } = home.paths
  return {
    root,
    events,
    groupLocks,
    emit,
    directory,
    groups,
    segments: () => readdirSync(directory).sort(),
    reader: (from: StartPosition, group?: string): EventReader => {
      const reader = events.openReader({ from, group })
      onTestFinished(() => reader.close())
      return reader
    },
    /** Begins a new segment by size. */
    rotate: () => void emit('x'.repeat(70_000)),
  }
}

function take(reader: EventReader): unknown[] {
  const found: unknown[] = []
  for (let batch = reader.poll(); batch !== undefined; batch = reader.poll()) {
    if (batch.gap !== undefined) found.push('gap')
    for (const { data } of batch.events) if (String(data).length < 100) found.push(data)
  }
  return found
}

function makeOld(directory: string): void {
  for (const name of readdirSync(directory)) utimesSync(join(directory, name), 1, 1)
}

test('without any watch, another process’s events still arrive', async () => {
  const failure = Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
  const log = openLog(temporaryHome(), {
    watch: () => {
      throw failure
    },
  })
  const reader = log.reader('latest')
  expect(reader.poll()).toBeUndefined()
  const { signal } = new AbortController()
  const waiting = reader.wait(signal)
  openLog(log.root).emit('from elsewhere')
  await waiting
  const found = take(reader)
  while (found.length === 0) {
    await reader.wait(signal)
    found.push(...take(reader))
  }
  expect(found).toEqual(['from elsewhere'])
})

test('closing a reader twice takes no other reader’s watch', async () => {
  const log = openLog()
  const [one, other] = [log.reader('latest'), log.reader('latest')]
  one.close()
  one.close()
  const waiting = other.wait(new AbortController().signal)
  log.emit('still heard')
  await waiting
  expect(take(other)).toEqual(['still heard'])
})

test('events too large for a single write are stored in order', () => {
  const retention = { ...OPTIONS.retention, maxBytes: 16 * MEBIBYTE }
  const log = openLog(temporaryHome(), {}, Date.now, { ...OPTIONS, retention })
  const reader = log.reader('latest')
  const large = ['a', 'b', 'c'].map((letter) => letter.repeat(600_000))
  const cursors = log.emit(...large)
  expect(new Set(cursors).size).toBe(3)
  const read: unknown[] = []
  for (let batch = reader.poll(); batch !== undefined; batch = reader.poll())
    read.push(...batch.events.map(({ data }) => data))
  expect(read).toEqual(large)
})

describe('expiry', () => {
  test('that runs out of time leaves the rest to the next clean-up', () => {
    const log = openLog()
    log.emit('one')
    log.rotate()
    log.emit('two')
    const before = log.segments()
    makeOld(log.directory)
    expect(log.events.clean(OPTIONS.retention, { deadline: monotonicMs() - 1 })).toBe(0)
    expect(log.segments()).toEqual(before)
    expect(log.events.clean(OPTIONS.retention)).toBeGreaterThan(0)
    expect(log.segments().length).toBeLessThan(before.length)
  })

  test('keeps everything for a group with an unknown position', () => {
    const log = openLog()
    log.reader('earliest', 'g').close()
    log.emit('one')
    log.rotate()
    log.emit('two')
    writeFileSync(join(log.groups, 'g.json'), 'torn')
    makeOld(log.directory)
    expect(log.events.clean(OPTIONS.retention)).toBe(0)
    expect(take(log.reader('earliest'))).toEqual(['one', 'two'])
  })

  test('by age continues after the clock was set back', () => {
    let nowMs = Date.now()
    const log = openLog(temporaryHome(), {}, () => nowMs)
    log.emit('one')
    const count = log.segments().length
    nowMs += 20_000
    log.emit('two')
    expect(log.segments()).toHaveLength(count + 1)
    // The current segment seems to begin in the future, which is no reason to keep it forever.
    nowMs -= 3_600_000
    log.emit('three')
    nowMs += 3_600_000 + 20_000
    log.emit('four')
    expect(log.segments()).toHaveLength(count + 2)
    expect(take(log.reader('earliest'))).toEqual(['one', 'two', 'three', 'four'])
  })
})

test('a segment is read even if its header lacks the start time', () => {
  const log = openLog()
  log.emit('one')
  const [name = ''] = log.segments()
  const path = join(log.directory, name)
  const lines = readFileSync(path, 'utf8').split('\n')
  const header = lines.findIndex((line) => line.includes('"header"'))
  lines[header] = lines[header]!.replace(/"startedAt":\d+/u, '"startedAt":null')
  writeFileSync(path, lines.join('\n'))
  const other = openLog(log.root)
  other.emit('two')
  expect(take(other.reader('earliest'))).toEqual(['one', 'two'])
})

test('a group whose lease is taken by force stands by again, and nothing is lost', async () => {
  const log = openLog()
  const one = log.reader('earliest', 'g')
  await one.ready
  log.emit('first')
  const resource = 'group:g'
  const info = log.groupLocks.inspect(resource) as LockInfo
  expect(log.groupLocks.forceRelease(resource, info.id)).toBe(true)
  const other = openLog(log.root).reader('earliest', 'g')
  await other.ready
  expect(one.poll()).toBeUndefined()
  expect(take(other)).toEqual(['first'])
  other.close()
  await one.ready
  // Nothing was committed, so it comes again: at least once.
  expect(take(one)).toEqual(['first'])
})

describe('if a person deletes by hand', () => {
  test('the whole log between listing and opening, a reader finds nothing, and later the new events', () => {
    const log = openLog()
    log.emit('gone')
    let isStaged = false
    const other = openLog(log.root, {
      openRead: (path) => {
        if (!isStaged) return nodeFileSystem.openRead(path)
        isStaged = false
        for (const name of log.segments()) rmSync(join(log.directory, name))
        return undefined
      },
    })
    const reader = other.reader('earliest')
    isStaged = true
    expect(take(reader)).not.toContain('gone')
    other.emit('new')
    expect(take(reader)).toContain('new')
  })

  test('the segment that a writer has open, its event is stored in another one', () => {
    const log = openLog()
    log.emit('one')
    for (const name of log.segments()) rmSync(join(log.directory, name))
    log.emit('two')
    expect(take(log.reader('earliest'))).toContain('two')
  })

  test('a segment in the middle, the reader gets a gap', () => {
    const log = openLog()
    log.emit('one')
    log.rotate()
    log.emit('two')
    log.rotate()
    log.emit('three')
    const reader = log.reader('earliest')
    const [, middle = ''] = log.segments()
    rmSync(join(log.directory, middle))
    expect(take(reader)).toEqual(['one', 'gap', 'three'])
  })
})

describe('if the newest segment is deleted by hand', () => {
  const untilTheSecond = (log: ReturnType<typeof openLog>): string => {
    log.emit('one')
    log.rotate()
    log.emit('two')
    return join(log.directory, log.segments().at(-1)!)
  }

  test('its reader learns of a gap once, and gets nothing twice', () => {
    const log = openLog()
    const newest = untilTheSecond(log)
    const reader = log.reader('earliest')
    expect(take(reader)).toEqual(['one', 'two'])
    rmSync(newest)
    expect(take(reader)).toEqual(['gap'])
    log.emit('three')
    expect(take(reader)).toEqual(['three'])
  })

  test('a reader that reaches it waits there, and gets the events emitted then', () => {
    const log = openLog()
    rmSync(untilTheSecond(log))
    const reader = log.reader('earliest')
    expect(take(reader)).toEqual(['one'])
    log.emit('three')
    openLog(log.root).emit('four')
    expect(take(reader)).toEqual(['three', 'four'])
  })

  test('each of its readers learns of a gap once, whichever process recreates it', () => {
    const log = openLog()
    const newest = untilTheSecond(log)
    const readers = [log, openLog(log.root)].map((each) => each.reader('earliest'))
    for (const reader of readers) expect(take(reader)).toEqual(['one', 'two'])
    rmSync(newest)
    for (const reader of readers) expect(take(reader)).toEqual(['gap'])
    rmSync(newest)
    log.emit('three')
    for (const reader of readers) expect(take(reader)).toEqual(['gap', 'three'])
  })

  test('events emitted then count without any reader, from the process that had it open and from others', () => {
    const log = openLog()
    rmSync(untilTheSecond(log))
    log.emit('three')
    openLog(log.root).emit('four')
    rmSync(join(log.directory, log.segments().at(-1)!))
    openLog(log.root).emit('five')
    log.emit('six')
    expect(take(openLog(log.root).reader('earliest'))).toEqual(['one', 'five', 'six'])
  })

  test('so does a command’s event, which takes the short path', () => {
    const log = openLog()
    rmSync(untilTheSecond(log))
    const driver = new UsualDriver({ home: log.root, namespace: '' }, () => localParts)
    driver.append(eventOf('three'))
    expect(take(openLog(log.root).reader('earliest'))).toEqual(['one', 'three'])
  })
})

test('a reader continues after its log was unreadable for a while, and loses nothing', () => {
  let failure: string | undefined
  const mayFail = (): void => {
    if (failure !== undefined) throw Object.assign(new Error(failure), { code: failure })
  }
  const log = openLog(temporaryHome(), {
    status: (path) => (mayFail(), nodeFileSystem.status(path)),
    read: (...args) => (mayFail(), nodeFileSystem.read(...args)),
  })
  log.emit('one')
  const readers = [log.reader('earliest'), log.reader('earliest', 'g')]
  for (const code of ['EACCES', 'EIO', 'EMFILE', 'ENOTDIR']) {
    failure = code
    for (const reader of readers)
      expect(() => reader.poll()).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }))
  }
  failure = undefined
  log.emit('two')
  for (const reader of readers) expect(take(reader)).toEqual(['one', 'two'])
})

test('skips files that are not segments', () => {
  const log = openLog()
  log.emit('one')
  for (const other of [
    '0000000a.ndjson',
    '00000000.ndjson.tmp',
    '.ndjson',
    'x'.repeat(8) + '.ndjson',
  ])
    writeFileSync(join(log.directory, other), '\n{}\n')
  log.emit('two')
  expect(take(openLog(log.root).reader('earliest'))).toEqual(['one', 'two'])
})

test.each([5, null, '5', '0:1', 'x:1'])(
  'rejects %j, which is not a position, immediately',
  (from) => {
    const open = (): unknown => openLog().events.openReader({ from: from as never })
    expect(open).toThrow(/^from must be a cursor of this event log/u)
  },
)

test('a last segment that disappears during the search is the only loss', () => {
  const root = temporaryHome()
  let lost = false
  const log = openLog(root, {
    openRead: (path) => (lost ? undefined : nodeFileSystem.openRead(path)),
  })
  const [, end] = log.emit('one', 'two')
  const reader = log.reader(end!)
  expect(take(reader)).toEqual([])
  log.rotate()
  log.emit('three')
  expect(take(reader)).toEqual(['three'])
  const late = log.reader(end!)
  rmSync(join(log.directory, log.segments()[0]!))
  lost = true
  expect(late.poll()).toMatchObject({ gap: { expected: end }, events: [] })
  lost = false
  expect(take(late)).toEqual(['three'])
})
