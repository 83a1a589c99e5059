import { CliOpsError } from '../../../errors/cli-ops-error.js'
import type { FileSystem } from '../file-system.js'
import { encodeHeader } from './log-record.js'
import type { LogPosition } from './log-position.js'
import { lookAtSegment, openSegment, type OpenSegment } from './open-segment.js'
import { FIRST_SEGMENT, newestSegment, segmentPath } from './segment-file.js'
import { findBytes, findSeal, readHeader } from './segment-scan.js'
import { sealSegment, writeRecords } from './segment-seal.js'

/** Each failed try means that the log moved on in between; only a directory that is being removed can do that for ever. */
const MAX_TRIES = 1000

/** The newest segment as far as this process knows, open for appending. */
interface NewestSegment extends OpenSegment {
  /** When it was begun, milliseconds since the epoch. */
  readonly startedAt: number
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
  #open: NewestSegment | undefined
  /** The segment that was open before, so that sealing it need not read all of it. */
  #last: Pick<NewestSegment, 'number' | 'clear'> | undefined

  constructor(fileSystem: FileSystem, directory: string, now: () => number) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#now = now
  }

  /**
   * Appends the block in one write, and again to the next segment where it fell behind a seal.
   *
   * @param durable whether the block is on stable storage when this returns
   * @param writtenTo the segment to which the block has been written already, to see whether it counts there
   * @throws CliOpsError `STORAGE_FAILED`, or an error of the file system
   */
  append(block: Uint8Array, durable: boolean, writtenTo?: OpenSegment): WrittenBlock {
    let isWritten = writtenTo !== undefined
    if (writtenTo !== undefined) this.#open = this.#asNewest(writtenTo)
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const segment = (this.#open ??= this.#openNewest(durable))
      const start = isWritten ? this.#locate(segment, block) : this.#write(segment, block)
      isWritten = false
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

  /** When the newest segment was begun, and its number. */
  newest(): { readonly number: number; readonly startedAt: number } {
    return (this.#open ??= this.#openNewest(false))
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
  #write(segment: NewestSegment, block: Uint8Array): number | undefined {
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
  #locate(segment: NewestSegment, block: Uint8Array): number | undefined {
    const { descriptor, number } = segment
    const { movedOn, removed, size } = lookAtSegment(this.#fileSystem, segment)
    const start = this.#startOf(segment, block, size)
    if (start === undefined) return undefined
    if (movedOn || removed) {
      const seal = findSeal(this.#fileSystem, descriptor, number, segment.clear)
      // Without a seal a removed segment was not expired but deleted by hand: nobody will read it.
      if (seal === undefined ? removed : start > seal) return undefined
    }
    segment.size = size
    segment.clear = start + block.length
    segment.left = movedOn || removed
    return start
  }

  #startOf(segment: NewestSegment, block: Uint8Array, size: number): number | undefined {
    if (size - segment.size === block.length) return segment.size
    // Others wrote since the last look. Every block holds the unique ids of its events, so it is found only once.
    return findBytes(this.#fileSystem, segment.descriptor, block, segment.size)
  }

  #openNewest(durable: boolean): NewestSegment {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const newest = newestSegment(this.#fileSystem.list(this.#directory))
      if (newest === undefined) {
        this.#create(FIRST_SEGMENT)
        continue
      }
      const segment = openSegment(this.#fileSystem, this.#directory, newest)
      if (segment === undefined) continue
      try {
        return segment.size > 0 ? this.#asNewest(segment) : this.#begin(segment, durable)
      } catch (error) {
        this.#fileSystem.close(segment.descriptor)
        throw error
      }
    }
    throw new CliOpsError('STORAGE_FAILED', `${this.#directory} changes faster than it can be used`)
  }

  #asNewest(segment: OpenSegment): NewestSegment {
    const { startedAt } = readHeader(this.#fileSystem, segment.descriptor)
    return { ...segment, startedAt, clear: 0, left: false }
  }

  #begin(segment: OpenSegment, durable: boolean): NewestSegment {
    const { number, descriptor } = segment
    // An empty segment: whoever writes its first byte must have sealed the one before it, so that everybody
    // who finds it begun knows the other one sealed without looking.
    const previousEnd = number > FIRST_SEGMENT ? this.#seal(number - 1) : undefined
    const startedAt = this.#now()
    const header = encodeHeader(number, { startedAt, previousEnd })
    writeRecords(this.#fileSystem, descriptor, header, this.#directory)
    if (durable) this.#syncDirectory()
    const size = this.#fileSystem.size(descriptor)
    return { ...segment, startedAt, size, clear: 0, left: false }
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
