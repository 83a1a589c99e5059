import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import type { Cursor } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import type { AppendOptions, EventReader } from '../../../../src/drivers/driver.js'
import {
  createLocalEvents,
  type LocalEvents,
} from '../../../../src/drivers/local/events/local-events.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import { type FileSystem, nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createEventRecord } from '../../../../src/events/contract/event-record.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

interface Log {
  readonly directory: string
  readonly events: LocalEvents
  path(segment: number): string
  emit(...data: unknown[]): Cursor[]
  reader(from: 'latest' | 'earliest' | Cursor, group?: string): EventReader
  /** Returns what a reader finds now: data, and `gap` for each gap. */
  take(reader: EventReader): unknown[]
  segments(): string[]
  /** Begins a new segment by size. */
  rotate(): void
}

const OPTIONS: AppendOptions = {
  retention: { retentionMs: 60_000, maxBytes: 1024 * 1024 },
  durable: false,
}

function openLog(
  root = temporaryHome(),
  fileSystem: FileSystem = nodeFileSystem,
  options = OPTIONS,
): Log {
  const home = new Home(root, '', fileSystem)
  const groupLocks = (): ReturnType<typeof createLocalLocks> =>
    createLocalLocks(new Home(root, '', fileSystem, 'event-groups'))
  const events = createLocalEvents(home, groupLocks)
  onTestFinished(() => events.close())
  const directory = home.paths.events
  const emit = (...data: unknown[]): Cursor[] =>
    events.appendSync(
      data.map((item) =>
        createEventRecord({ type: 'n', data: item, source: '/t', traceparent: undefined }),
      ),
      options,
    )
  return {
    directory,
    events,
    path: (segment) => join(directory, `${String(segment).padStart(8, '0')}.ndjson`),
    emit,
    reader: (from, group) => {
      const reader = events.openReader({ from, group })
      onTestFinished(() => reader.close())
      return reader
    },
    take: (reader) => {
      const found: unknown[] = []
      for (let batch = reader.poll(); batch !== undefined; batch = reader.poll()) {
        if (batch.gap !== undefined) found.push('gap')
        for (const { data } of batch.events) found.push(data)
      }
      return found
    },
    segments: () => readdirSync(directory).sort(),
    rotate: () => void emit('x'.repeat(70_000)),
  }
}

const isBig = (data: unknown): boolean => typeof data === 'string' && data.length === 70_000
const small = (found: unknown[]): unknown[] => found.filter((data) => !isBig(data))
const SEAL = (segment: number): string => `\n{"cliops":"seal","segment":${segment}}\n`

describe('cursors', () => {
  test('are exact, even if others write in between', () => {
    const log = openLog()
    const other = openLog(join(log.directory, '..'))
    const cursors: Cursor[] = []
    for (let n = 0; n < 10; n += 1) {
      cursors.push(...log.emit(n, `${n}b`))
      other.emit(`other ${n}`)
    }
    const all = log.take(log.reader('earliest'))
    expect(all).toHaveLength(30)
    expect(log.take(log.reader(cursors[19]!))).toEqual(['other 9'])
    expect(log.take(log.reader(cursors[0]!))).toEqual(all.slice(1))
    expect(log.take(log.reader(cursors[6]!))).toEqual(all.slice(all.indexOf(3) + 1))
  })

  test('of another log, or ahead of this one, are a gap', () => {
    const log = openLog()
    const [cursor] = log.emit('first')
    for (const from of ['7:0', '1:1000000', '1:5', `1:${Number(cursor!.slice(2)) - 1}`]) {
      expect(log.take(log.reader(from as Cursor))).toEqual(['gap', 'first'])
    }
  })

  test('deleting and recreating a log is a gap for its readers', () => {
    const log = openLog()
    const reader = log.reader('latest')
    log.emit(1)
    expect(log.take(reader)).toEqual([1])
    rmSync(log.directory, { recursive: true })
    expect(log.take(reader)).toEqual([])
    openLog(join(log.directory, '..')).emit(2, 3)
    expect(log.take(reader)).toEqual(['gap', 2, 3])
    log.emit(4)
    expect(log.take(reader)).toEqual([4])
  })
})

describe('rotation', () => {
  test('a crash right after creating the next segment loses nothing', () => {
    const log = openLog()
    const reader = log.reader('latest')
    log.emit(1)
    writeFileSync(log.path(2), '')
    // This writer still has the first segment open: its record comes before the seal.
    log.emit(2)
    expect(log.take(reader)).toEqual([1, 2])
    // The reader has sealed it, so that nothing can be stored after what it has read.
    expect(readFileSync(log.path(1), 'utf8').endsWith(SEAL(1))).toBe(true)
    log.emit(3)
    expect(log.take(reader)).toEqual([3])
    expect(log.take(log.reader('earliest'))).toEqual([1, 2, 3])
    expect(readFileSync(log.path(2), 'utf8')).toContain('"header"')
  })

  test('a record after the seal is void, and is stored again in the next segment', () => {
    const log = openLog()
    log.emit(1)
    writeFileSync(log.path(2), '')
    appendFileSync(log.path(1), SEAL(1))
    const [cursor] = log.emit(2)
    expect(cursor).toMatch(/^2:/u)
    expect(readFileSync(log.path(1), 'utf8').split('"data":2')).toHaveLength(2)
    expect(log.take(log.reader('earliest'))).toEqual([1, 2])
  })

  test('a torn seal does not count', () => {
    const log = openLog()
    log.emit(1)
    writeFileSync(log.path(2), '')
    appendFileSync(log.path(1), SEAL(1).slice(0, 20))
    log.emit(2)
    expect(log.take(log.reader('earliest'))).toEqual([1, 2])
  })

  test('the first of two seals counts, and a seal in an event’s data does not', () => {
    const log = openLog()
    log.emit(SEAL(1))
    writeFileSync(log.path(2), '')
    appendFileSync(log.path(1), SEAL(1) + SEAL(1) + SEAL(1))
    log.emit(1)
    expect(log.take(log.reader('earliest'))).toEqual([SEAL(1), 1])
  })

  test('a process that finds an empty segment first seals the one before it', () => {
    const root = temporaryHome()
    openLog(root).emit(1)
    const log = openLog(root)
    writeFileSync(log.path(2), '')
    expect(log.emit(2)[0]).toMatch(/^2:/u)
    expect(readFileSync(log.path(1), 'utf8').endsWith(SEAL(1))).toBe(true)
  })

  test('a reader that begins between the two steps of a rotation gets what is stored after that', () => {
    const log = openLog()
    log.emit(1)
    writeFileSync(log.path(2), '')
    const reader = log.reader('latest')
    // This writer still has the first segment open.
    log.emit(2)
    expect(log.take(reader)).toEqual([2])
    expect(log.take(log.reader('earliest'))).toEqual([1, 2])
  })

  test('a reader that searches for the end while the log moves on gets later events once', () => {
    const root = temporaryHome()
    const log = openLog(root)
    log.emit(1)
    let isSealed = false
    // The rotating process creates the next segment and seals this one, and goes no further.
    const meanwhile = (): void => {
      if (isSealed) return
      isSealed = true
      writeFileSync(log.path(2), '')
      appendFileSync(log.path(1), SEAL(1))
    }
    const size = (descriptor: number): number => {
      meanwhile()
      return nodeFileSystem.size(descriptor)
    }
    const other = openLog(root, { ...nodeFileSystem, size })
    const reader = other.reader('latest')
    expect(isSealed).toBe(true)
    // This writer still has the first segment open, writes after the seal, finds the seal, and stores in the next
    // segment.
    log.emit(2)
    expect(log.take(reader)).toEqual([2])
    expect(log.take(log.reader('earliest'))).toEqual([1, 2])
  })

  test('skips garbage of any kind, and lines longer than any event', () => {
    const retention = { retentionMs: 60_000, maxBytes: 1e8 }
    const log = openLog(temporaryHome(), nodeFileSystem, { ...OPTIONS, retention })
    log.emit(1)
    appendFileSync(log.path(1), Buffer.alloc(3_000_000, 0x61))
    log.emit(2)
    appendFileSync(
      log.path(1),
      '\n[1]\nnull\n"x"\n{"specversion":"1.0"}\n{"cliops":"other"}\n\0\0\0\n',
    )
    writeFileSync(join(log.directory, 'junk'), 'x')
    writeFileSync(join(log.directory, '00000009.ndjson.bak'), 'x')
    log.emit(3)
    expect(log.take(log.reader('earliest'))).toEqual([1, 2, 3])
    expect(log.emit('last')[0]).toMatch(/^\d:/u)
  })

  test('skips a segment that is all garbage', () => {
    const log = openLog()
    log.emit(1)
    log.rotate()
    log.emit(2)
    const garbage = log.path(1)
    truncateSync(garbage)
    appendFileSync(garbage, Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * 7919) % 256)))
    expect(small(log.take(log.reader('earliest')))).toEqual([2])
  })

  test('a hole in the log is a gap', () => {
    const log = openLog()
    for (let n = 1; n <= 4; n += 1) {
      log.emit(n)
      log.rotate()
    }
    rmSync(log.path(2))
    expect(small(log.take(log.reader('earliest')))).toEqual([1, 'gap', 3, 4])
  })
})

describe('other processes in between', () => {
  test('are noticed with one check; without them an emit is a write and that check', () => {
    const calls: string[] = []
    const log = openLog(
      temporaryHome(),
      hookInto((name) => calls.push(name)),
    )
    log.emit(1)
    calls.length = 0
    log.emit(2)
    log.emit(3)
    expect(calls).toEqual(['write', 'openStatus', 'write', 'openStatus'])
  })

  test('lose and repeat nothing in whatever order they write, rotate and read', () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = randomNumbers(seed)
      const root = temporaryHome()
      const other = openLog(root)
      other.emit(0)
      const reader = other.reader('latest')
      const sent: number[] = []
      let next = 0
      let busy = false
      const interfere = (): void => {
        // Unlike this writer's steps, which are interrupted at every call, the other writer's are not.
        if (busy || random() > 0.3) return
        busy = true
        const choice = random()
        // With more segments the oldest would expire.
        const mayRotate = other.segments().length < 14
        if (choice < 0.4) emitWith(other)
        else if (choice < 0.6 && mayRotate) other.rotate()
        else if (choice < 0.7 && mayRotate)
          writeFileSync(other.path(other.segments().length + 1), '', { flag: 'wx' })
        else found.push(...other.take(reader))
        busy = false
      }
      const log = openLog(root, hookInto(interfere))
      const found: unknown[] = []
      const emitWith = (writer: Log): void => {
        next += 1
        sent.push(next)
        writer.emit(next)
      }
      for (let count = 0; count < 12; count += 1) emitWith(log)
      busy = true
      found.push(...other.take(reader))
      const live = small(found) as number[]
      expect(
        live.toSorted((a, b) => a - b),
        `seed ${seed}`,
      ).toEqual(sent)
      expect(small(log.take(log.reader('earliest'))), `seed ${seed}`).toEqual([0, ...live])
    }
  })
})

/** Returns the real file system, with a callback before and after each call. */
function hookInto(onCall: (name: string) => void): FileSystem {
  const hooked = Object.entries(nodeFileSystem).map(([name, call]) => [
    name,
    (...parameters: unknown[]): unknown => {
      onCall(name)
      return (call as (...parameters: unknown[]) => unknown)(...parameters)
    },
  ])
  return Object.fromEntries(hooked) as FileSystem
}

function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

describe('expiry', () => {
  const clean = (log: Log, maxBytes = 1024 * 1024): unknown =>
    log.events.clean({ retentionMs: 60_000, maxBytes })
  const makeOld = (log: Log): void => {
    for (const name of log.segments()) utimesSync(join(log.directory, name), 1000, 1000)
  }

  test('removes whole segments that are too old, never the newest, and counts the events', () => {
    const log = openLog()
    for (let n = 1; n <= 3; n += 1) {
      log.emit(n)
      log.rotate()
    }
    expect(log.segments()).toHaveLength(4)
    expect(clean(log)).toBe(0)
    makeOld(log)
    expect(clean(log)).toBe(6)
    expect(log.segments()).toEqual(['00000004.ndjson'])
    expect(clean(log)).toBe(0)
  })

  test('waits for a group that is behind, up to maxBytes', async () => {
    const log = openLog()
    log.emit(0)
    const group = log.reader('latest', 'g')
    await group.ready
    for (let n = 1; n <= 3; n += 1) {
      log.emit(n)
      log.rotate()
    }
    makeOld(log)
    expect(clean(log)).toBe(0)
    const [, second] = [group.poll(), group.poll()]
    void group.commit(second!.events[0]!.cursor)
    expect(clean(log)).toBeGreaterThan(0)
    expect(log.segments()).toHaveLength(3)
    makeOld(log)
    expect(clean(log, 80_000)).toBeGreaterThan(0)
    group.close()
    expect(log.take(log.reader('latest', 'g'))[0]).toBe('gap')
  })

  test('is not a gap for a reader that had read everything', () => {
    const log = openLog()
    const reader = log.reader('latest')
    log.emit(1)
    const big = log.emit('x'.repeat(70_000))
    const late = log.reader(big[0]!)
    expect(small(log.take(reader))).toEqual([1])
    makeOld(log)
    clean(log)
    expect(existsSync(log.path(1))).toBe(false)
    log.emit(2)
    expect(log.take(reader)).toEqual([2])
    expect(log.take(late)).toEqual([2])
  })

  test('leaves a reader’s open segment readable to its end, and reports what is gone after it', () => {
    const log = openLog()
    const reader = log.reader('earliest')
    log.emit(1)
    expect(log.take(reader)).toEqual([1])
    log.emit(2)
    for (let n = 3; n <= 5; n += 1) {
      log.rotate()
      log.emit(n)
    }
    makeOld(log)
    clean(log)
    expect(small(log.take(reader))).toEqual([2, 'gap', 5])
  })

  test('does not remove a segment whose successor has not begun', () => {
    const log = openLog()
    log.emit(1)
    writeFileSync(log.path(2), '')
    makeOld(log)
    expect(clean(log, 1)).toBe(0)
    expect(log.segments()).toHaveLength(2)
  })

  test('does not lose the event of a writer that was stopped while its segment expired', () => {
    const log = openLog()
    const stopped = openLog(join(log.directory, '..'))
    stopped.emit('before')
    log.rotate()
    makeOld(log)
    clean(log)
    expect(existsSync(log.path(1))).toBe(false)
    const [cursor] = stopped.emit('after')
    expect(cursor).toMatch(/^2:/u)
    expect(log.take(log.reader('earliest'))).toEqual(['after'])
  })
})

describe('an unusable home', () => {
  test('on a network file system is refused with the alternative', () => {
    const log = openLog(temporaryHome(), { ...nodeFileSystem, fileSystemType: () => 0x6969 })
    const refusal = expect.objectContaining({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('redis://') as string,
    }) as Error
    expect(() => log.emit(1)).toThrow(refusal)
    expect(() => log.reader('latest')).toThrow(refusal)
  })

  test('a short write is a failed publish that affects no other', () => {
    let short = false
    const log = openLog(temporaryHome(), {
      ...nodeFileSystem,
      write: (descriptor, bytes) =>
        nodeFileSystem.write(descriptor, short ? bytes.subarray(0, bytes.length / 2) : bytes),
    })
    log.emit(1)
    short = true
    expect(() => log.emit('half')).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED', retryable: true }) as Error,
    )
    short = false
    log.emit(2)
    expect(log.take(log.reader('earliest'))).toEqual([1, 2])
  })

  test('a full disk fails with STORAGE_FAILED, and works again when there is room', (context) => {
    const root = temporaryHome()
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', root])
    context.skip(mount.status !== 0, 'cannot mount a tmpfs here')
    onTestFinished(() => void spawnSync('umount', ['-l', root]))
    const log = openLog(root)
    const reader = log.reader('latest')
    log.emit(0)
    const filler = join(root, 'filler')
    let stored = 0
    for (; stored < 1000; stored += 1) {
      try {
        log.emit(`${stored} ${'x'.repeat(1000)}`)
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORAGE_FAILED' })
        break
      }
    }
    expect(stored).toBeGreaterThan(10)
    expect(stored).toBeLessThan(1000)
    rmSync(log.path(1))
    expect(existsSync(filler)).toBe(false)
    log.emit('after')
    const found = log.take(reader)
    expect(found.at(-1)).toBe('after')
  })
})
