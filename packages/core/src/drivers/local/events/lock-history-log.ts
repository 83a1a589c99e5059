import { entryPath } from '../../../base/builtins.js'
import { debug } from '../../../base/terminal/message.js'
import type { StoredEvent } from '../../../events/contract/event-types.js'
import type { FileSystem } from '../home/file-system.js'
import type { Home } from '../home/home.js'
import { LineReader } from './line-reader.js'
import { decodeLine, encodeEvent, sealLine } from './log-record.js'
import { segmentPath, segmentsIn } from './segment-file.js'

/** A file of this size is followed by a new one. */
const FULL_BYTES = 4 * 1024 * 1024
/** The newest file and those before it: about 40,000 turns of a lock in 16 MiB. */
const KEPT_FILES = 4
const MAX_BLOCK_BYTES = 256 * 1024

/** Text found in every event about a lock, and in some others. */
const MARK_TEXTS = ['"lock":{"resource":', '"type":"lock:'] as const
const MARKS = MARK_TEXTS.map((text) => Buffer.from(text))
const CHUNK_BYTES = 256 * 1024

/**
 * The history of events about locks. The last events of commands are copied when their segments of the event log expire; lock turns without such an event are written only here. The history covers months while
 * the log covers a minute, at no cost to a process that takes a lock. Files are numbered, created exclusively by any process, appended to in whole blocks, and removed oldest first. An event can appear twice if
 * two processes expire one segment, or one is killed between copying and removing.
 */
export class LockHistoryLog {
  readonly #home: Home
  readonly #fileSystem: FileSystem
  readonly #directory: string

  constructor(home: Home) {
    this.#home = home
    this.#fileSystem = home.fileSystem
    this.#directory = home.paths.history
  }

  /** Copies a segment's events about locks. Never throws: a full disk must not keep the log from shrinking. */
  keep(path: string, segment: number): void {
    try {
      const lines = this.#linesOf(path, segment)
      if (lines.length > 0) this.#append(lines)
    } catch (error) {
      debug(() => `the history of locks was not kept: ${String(error)}`)
    }
  }

  /** Stores a record that never was in the event log. Throws if it cannot. */
  append(json: string): void {
    this.#append([json])
  }

  /** Returns the copied events and those still in the event log, oldest first, each event once. Creates nothing. */
  read(): StoredEvent[] {
    const events = new Map<string, StoredEvent>()
    // The log last: events that expire meanwhile are in one of the two.
    for (const directory of [this.#directory, this.#home.paths.events, this.#directory]) {
      for (const number of segmentsIn(this.#fileSystem.list(directory))) {
        for (const text of this.#linesOf(segmentPath(directory, number), number)) {
          const line = decodeLine(text)
          if (line.kind !== 'event') continue
          const key = `${line.event.source} ${line.event.id}`
          if (!events.has(key)) events.set(key, line.event)
        }
      }
    }
    return [...events.values()]
  }

  #linesOf(path: string, segment: number): string[] {
    const descriptor = this.#fileSystem.openRead(path)
    if (descriptor === undefined) return []
    try {
      if (!this.#mayTellOfLocks(descriptor)) return []
      const lines: string[] = []
      const seal = sealLine(segment)
      new LineReader(this.#fileSystem, descriptor, 0).read((text) => {
        if (text === seal) return false
        if (MARK_TEXTS.some((mark) => text.includes(mark)) && tellsOfLock(text)) lines.push(text)
        return true
      })
      return lines
    } finally {
      this.#fileSystem.close(descriptor)
    }
  }

  /** Searches the bytes, so that the lines of a flood of other events need not be parsed. */
  #mayTellOfLocks(descriptor: number): boolean {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    const overlap = Math.max(...MARKS.map(({ length }) => length)) - 1
    for (let position = 0; ; position += CHUNK_BYTES - overlap) {
      const length = this.#fileSystem.read(descriptor, buffer, position)
      const chunk = buffer.subarray(0, length)
      if (MARKS.some((mark) => chunk.includes(mark))) return true
      if (length < CHUNK_BYTES) return false
    }
  }

  #append(lines: readonly string[]): void {
    let block: Buffer[] = []
    let bytes = 0
    const flush = (): void => {
      if (block.length > 0) this.#write(Buffer.concat(block))
      block = []
      bytes = 0
    }
    for (const json of lines) {
      const record = encodeEvent({ json })
      if (bytes + record.length > MAX_BLOCK_BYTES) flush()
      block.push(record)
      bytes += record.length
    }
    flush()
  }

  #write(block: Buffer): void {
    const descriptor = this.#home.inDirectory(this.#directory, () => this.#open())
    try {
      this.#fileSystem.write(descriptor, block)
    } finally {
      this.#fileSystem.close(descriptor)
    }
  }

  /** Opens the newest file, or a new one if that is full. */
  #open(): number {
    const numbers = segmentsIn(this.#fileSystem.list(this.#directory))
    const newest = numbers.at(-1) ?? 0
    const path = segmentPath(this.#directory, newest)
    const open = newest === 0 ? undefined : this.#fileSystem.openAppend(path)
    if (open !== undefined && this.#fileSystem.size(open) < FULL_BYTES) return open
    if (open !== undefined) this.#fileSystem.close(open)
    for (const old of numbers.slice(0, Math.max(0, numbers.length - KEPT_FILES + 1)))
      this.#fileSystem.unlink(segmentPath(this.#directory, old))
    return this.#begin(newest + 1)
  }

  #begin(number: number): number {
    const path = segmentPath(this.#directory, number)
    try {
      const begun = this.#fileSystem.openAppend(path, { exclusive: true })
      if (begun !== undefined) return begun
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    // Another process has created it, and might have removed it since.
    const open = this.#fileSystem.openAppend(path)
    if (open !== undefined) return open
    throw new Error(`${entryPath(this.#directory, String(number))} is gone`)
  }
}

function tellsOfLock(text: string): boolean {
  const line = decodeLine(text)
  if (line.kind !== 'event') return false
  const { type, data } = line.event
  if (type.startsWith('lock:')) return true
  const { lock } = (data ?? {}) as { readonly lock?: unknown }
  return type.startsWith('command:') && typeof lock === 'object' && lock !== null
}
