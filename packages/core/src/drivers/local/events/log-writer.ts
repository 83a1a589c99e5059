import { CliOpsError } from '../../../errors/cli-ops-error.js'
import type { FileSystem } from '../file-system.js'
import { encodeHeader } from './log-record.js'
import type { LogPosition } from './log-position.js'
import { FIRST_SEGMENT, segmentPath, segmentsIn } from './segment-file.js'
import { findBytes, findSeal, readHeader } from './segment-scan.js'
import { sealSegment, writeRecords } from './segment-seal.js'

/** Each failed try means that the log moved on in between; only a directory that is being removed can do that for ever. */
const MAX_TRIES = 1000

/** The newest segment as far as this process knows, open for appending. */
interface OpenSegment {
  readonly number: number
  readonly descriptor: number
  /** Path of the segment after it. */
  readonly nextPath: string
  /** When it was begun, milliseconds since the epoch. */
  readonly startedAt: number
  /** Size after the last look: what is behind it is new. */
  size: number
  /** No seal can be in front of this place. */
  clear: number
  /** The log has moved on: the next append begins with a look for the newest segment. */
  left: boolean
}

/** Where a write landed. */
export interface WrittenBlock {
  readonly start: LogPosition
  /** Size of the segment afterwards, at least. */
  readonly segmentBytes: number
  readonly segmentStartedAt: number
}

/**
 * Appends blocks of records to the newest segment (docs/reference/event-log.md, "Appending"). It keeps the
 * descriptor between calls; each write is followed by a look whether the log has moved on meanwhile.
 */
export class LogWriter {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #now: () => number
  #open: OpenSegment | undefined
  /** The segment that was open before, so that sealing it need not read all of it. */
  #last: Pick<OpenSegment, 'number' | 'clear'> | undefined

  constructor(fileSystem: FileSystem, directory: string, now: () => number) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#now = now
  }

  /**
   * Appends the block in one write, and again to the next segment where it fell behind a seal.
   *
   * @param durable whether the block is on stable storage when this returns
   * @throws CliOpsError `STORAGE_FAILED`, or an error of the file system
   */
  append(block: Uint8Array, durable: boolean): WrittenBlock {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const segment = (this.#open ??= this.#openNewest(durable))
      const start = this.#write(segment, block)
      if (start === undefined) {
        this.close()
        continue
      }
      if (durable) this.#fileSystem.sync(segment.descriptor)
      if (segment.left) this.close()
      return {
        start: { segment: segment.number, offset: start },
        segmentBytes: start + block.length,
        segmentStartedAt: segment.startedAt,
      }
    }
    throw new CliOpsError('STORAGE_FAILED', `${this.#directory} changes faster than it can be used`)
  }

  /** Begins the segment after `segment`, unless it exists, and seals `segment`. True for the one who made it. */
  rotate(segment: number, durable: boolean): boolean {
    const made = this.#create(segment + 1)
    if (this.#open?.number === segment) this.close()
    this.#open ??= this.#openNewest(durable)
    return made
  }

  /** Gives the descriptor back; the next append opens the newest segment anew. */
  close(): void {
    const segment = this.#open
    if (segment === undefined) return
    this.#open = undefined
    this.#last = { number: segment.number, clear: segment.clear }
    this.#fileSystem.close(segment.descriptor)
  }

  /** Writes the block; where it begins, or `undefined` when it does not count. */
  #write(segment: OpenSegment, block: Uint8Array): number | undefined {
    const { descriptor, size } = segment
    writeRecords(this.#fileSystem, descriptor, block, this.#directory)
    // The usual case. What is in front of the block was looked at before: a seal can only be behind it.
    if (segment.clear === size) {
      const after = this.#fileSystem.openStatus(descriptor)
      if (after.size === size + block.length && after.links > 0) {
        segment.size = after.size
        segment.clear = after.size
        return size
      }
    }
    return this.#locate(segment, block)
  }

  /** Looks where a block that was written begins, and whether the log has moved on. */
  #locate(segment: OpenSegment, block: Uint8Array): number | undefined {
    const { descriptor, number } = segment
    // The order of the two looks matters. Segments are removed oldest first: one that still has a name now had no
    // removed successor before, so a missing successor means that there has never been one, nor a seal.
    const movedOn = this.#fileSystem.status(segment.nextPath) !== undefined
    const { size, links } = this.#fileSystem.openStatus(descriptor)
    const start = this.#startOf(segment, block, size)
    if (start === undefined) return undefined
    if (movedOn || links === 0) {
      const seal = findSeal(this.#fileSystem, descriptor, number, segment.clear)
      // Without a seal a removed segment was not expired but deleted by hand: nobody will read it.
      if (seal === undefined ? links === 0 : start > seal) return undefined
    }
    segment.size = size
    segment.clear = start + block.length
    segment.left = movedOn || links === 0
    return start
  }

  #startOf(segment: OpenSegment, block: Uint8Array, size: number): number | undefined {
    if (size - segment.size === block.length) return segment.size
    // Others wrote since the last look. Every block holds the unique ids of its events, so it is found only once.
    return findBytes(this.#fileSystem, segment.descriptor, block, segment.size)
  }

  #openNewest(durable: boolean): OpenSegment {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const newest = segmentsIn(this.#fileSystem.list(this.#directory)).at(-1)
      if (newest === undefined) {
        this.#create(FIRST_SEGMENT)
        continue
      }
      const descriptor = this.#fileSystem.openAppend(segmentPath(this.#directory, newest))
      if (descriptor === undefined) continue
      try {
        return this.#begin(newest, descriptor, durable)
      } catch (error) {
        this.#fileSystem.close(descriptor)
        throw error
      }
    }
    throw new CliOpsError('STORAGE_FAILED', `${this.#directory} changes faster than it can be used`)
  }

  #begin(number: number, descriptor: number, durable: boolean): OpenSegment {
    const nextPath = segmentPath(this.#directory, number + 1)
    const size = this.#fileSystem.size(descriptor)
    if (size > 0) {
      const { startedAt } = readHeader(this.#fileSystem, descriptor)
      return { number, descriptor, nextPath, startedAt, size, clear: 0, left: false }
    }
    // An empty segment: whoever writes its first byte must have sealed the one before it, so that everybody
    // who finds it begun knows the other one sealed without looking.
    const previousEnd = number > FIRST_SEGMENT ? this.#seal(number - 1) : undefined
    const startedAt = this.#now()
    const header = encodeHeader(number, { startedAt, previousEnd })
    writeRecords(this.#fileSystem, descriptor, header, this.#directory)
    if (durable) this.#syncDirectory()
    const grown = this.#fileSystem.size(descriptor)
    return { number, descriptor, nextPath, startedAt, size: grown, clear: 0, left: false }
  }

  #seal(number: number): number | undefined {
    const clear = this.#last?.number === number ? this.#last.clear : 0
    return sealSegment(this.#fileSystem, this.#directory, number, clear)
  }

  #create(number: number): boolean {
    const path = segmentPath(this.#directory, number)
    try {
      const descriptor = this.#fileSystem.openAppend(path, { exclusive: true })
      if (descriptor !== undefined) this.#fileSystem.close(descriptor)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  /** A durable event needs its segment's directory entry on stable storage as well. */
  #syncDirectory(): void {
    // Windows cannot open a directory, and writes its entries through with the file.
    if (process.platform === 'win32') return
    const descriptor = this.#fileSystem.openRead(this.#directory)
    if (descriptor === undefined) return
    try {
      this.#fileSystem.sync(descriptor)
    } finally {
      this.#fileSystem.close(descriptor)
    }
  }
}
