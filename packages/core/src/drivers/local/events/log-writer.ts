import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import type { FileSystem } from '../home/file-system.js'
import { encodeHeader } from './log-record.js'
import type { LogPosition } from './log-position.js'
import type { WriteLook } from './append-steps.js'
import { NewestSegment } from './newest-segment.js'
import { createSegment, endsWithSeal, openSegment, type OpenSegment } from './open-segment.js'
import { restoreNewestSegment } from './restore-newest-segment.js'
import { FIRST_SEGMENT, newestSegment, segmentsIn } from './segment-file.js'
import { findBytes, findSeal, readHeader } from './segment-scan.js'
import { sealSegment } from './segment-seal.js'
import { writeRecords } from './write-records.js'

/** Each failed try means that the log moved on in between; only a directory that is being removed can do that forever. */
const MAX_TRIES = 1000

/** Where a write ended up. */
export interface WrittenBlock {
  readonly start: LogPosition
  /** Minimum size of the segment afterwards. */
  readonly segmentBytes: number
  readonly segmentStartedAt: number
}

/**
 * Appends blocks of records to the newest segment, and creates the log (docs/reference/event-log.md, "Appending").
 */
export class LogWriter {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #now: () => number
  readonly #newest: NewestSegment
  /** When the segment that was last appended to began. */
  #begun: { readonly number: number; readonly startedAt: number } | undefined
  /** The previously open segment, so that sealing it need not read all of it. */
  #last: Pick<OpenSegment, 'number' | 'clear'> | undefined

  constructor(
    fileSystem: FileSystem,
    directory: string,
    now: () => number,
    newest = new NewestSegment(fileSystem, directory),
  ) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#now = now
    this.#newest = newest
  }

  /**
   * Appends the block in one write, and writes it again to the next segment if it landed after a seal.
   *
   * @param durable whether the block is on stable storage when this returns
   * @param written the check after writing the block to the current segment, to decide whether it counts there
   * @throws CliOpsError `STORAGE_FAILED`, `UNSUPPORTED`, or an error of the file system
   */
  append(block: Uint8Array, durable: boolean, written?: WriteLook): WrittenBlock {
    let look = written
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const segment = this.#newest.find() ?? this.#begin(durable)
      // An event that cannot be made durable is refused before it is written: after a rejected emit, it must not
      // appear.
      if (durable && process.permission !== undefined) this.#sync(segment.descriptor)
      const segmentStartedAt = this.#startOfSegment(segment)
      look ??= this.#write(segment, block)
      const start = this.#locate(segment, block, look)
      const isLeft = look.movedOn || look.removed
      const isDeleted = look.removed && !look.movedOn
      look = undefined
      if (start === undefined) {
        this.close()
        if (isDeleted) this.#restore(segment.number)
        continue
      }
      if (durable) this.#sync(segment.descriptor)
      if (isLeft) this.close()
      return {
        start: { segment: segment.number, offset: start },
        segmentBytes: start + block.length,
        segmentStartedAt,
      }
    }
    throw new CliOpsError('STORAGE_FAILED', `${this.#directory} changes faster than it can be used`)
  }

  /** Returns when the newest segment began, and its number. */
  newest(): { readonly number: number; readonly startedAt: number } {
    const segment = this.#newest.find() ?? this.#begin(false)
    return { number: segment.number, startedAt: this.#startOfSegment(segment) }
  }

  /**
   * Begins the segment after `segment`, unless it exists, and seals `segment`. Returns true for the process that
   * created it.
   */
  rotate(segment: number, durable: boolean): boolean {
    const made = this.#create(segment + 1)
    if (this.#newest.current?.number === segment) this.close()
    if (this.#newest.current === undefined) this.#begin(durable)
    return made
  }

  /** Closes the descriptor; the next append opens the newest segment again. */
  close(): void {
    this.#last = this.#newest.close() ?? this.#last
  }

  #write(segment: OpenSegment, block: Uint8Array): WriteLook {
    writeRecords(this.#fileSystem, segment.descriptor, block, this.#directory)
    return this.#newest.lookAfter(segment, block)
  }

  /** Returns where a written block begins; `undefined` if it does not count. */
  #locate(segment: OpenSegment, block: Uint8Array, look: WriteLook): number | undefined {
    const { descriptor, number } = segment
    const { movedOn, removed } = look
    // Other processes have written since the last check. Every block contains its events' unique ids, so it is found
    // only once.
    const start = look.start ?? findBytes(this.#fileSystem, descriptor, block, segment.size)
    if (start === undefined) return undefined
    if (movedOn || removed) {
      const seal = findSeal(this.#fileSystem, descriptor, number, segment.clear)
      // A removed segment without a seal was not expired but deleted by hand: no reader will see it.
      if (seal === undefined ? removed : start > seal) return undefined
    }
    segment.size = look.size
    segment.clear = start + block.length
    return start
  }

  #startOfSegment({ number, descriptor }: OpenSegment): number {
    if (this.#begun?.number !== number) {
      const { startedAt } = readHeader(this.#fileSystem, descriptor)
      this.#begun = { number, startedAt }
    }
    return this.#begun.startedAt
  }

  /** Creates the log, or completes a newest segment that another process began. */
  #begin(durable: boolean): OpenSegment {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const newest = newestSegment(this.#fileSystem.list(this.#directory))
      if (newest === undefined) {
        this.#create(FIRST_SEGMENT)
        continue
      }
      const segment = openSegment(this.#fileSystem, this.#directory, newest)
      if (segment === undefined) continue
      try {
        if (segment.size === 0) this.#beginSegment(segment, durable)
        else if (endsWithSeal(this.#fileSystem, segment)) {
          this.#create(newest + 1)
          this.#fileSystem.close(segment.descriptor)
          continue
        }
      } catch (error) {
        this.#fileSystem.close(segment.descriptor)
        throw error
      }
      return this.#newest.goOnWith(segment)
    }
    throw new CliOpsError('STORAGE_FAILED', `${this.#directory} changes faster than it can be used`)
  }

  #beginSegment(segment: OpenSegment, durable: boolean): void {
    const { number, descriptor } = segment
    // An empty segment: the process that writes its first byte must already have sealed the previous one, so that
    // every process that finds this segment begun knows without checking that the previous one is sealed.
    const previousEnd = number > FIRST_SEGMENT ? this.#seal(number - 1) : undefined
    const startedAt = this.#now()
    const header = encodeHeader(number, { startedAt, previousEnd })
    writeRecords(this.#fileSystem, descriptor, header, this.#directory)
    if (durable) this.#syncDirectory()
    segment.size = this.#fileSystem.size(descriptor)
    this.#begun = { number, startedAt }
  }

  /** Recreates the newest segment after it was deleted by hand. */
  #restore(deleted: number): void {
    const segments = segmentsIn(this.#fileSystem.list(this.#directory))
    restoreNewestSegment(this.#fileSystem, this.#directory, segments, deleted)
  }

  #seal(number: number): number | undefined {
    const clear = this.#last?.number === number ? this.#last.clear : 0
    return sealSegment(this.#fileSystem, this.#directory, number, clear)
  }

  #create(number: number): boolean {
    return createSegment(this.#fileSystem, this.#directory, number)
  }

  /** For a durable event, its segment's directory entry must be on stable storage as well. */
  #syncDirectory(): void {
    // Windows cannot open a directory, and writes its entries through with the file.
    if (process.platform === 'win32') return
    const descriptor = this.#fileSystem.openRead(this.#directory)
    if (descriptor === undefined) return
    try {
      this.#sync(descriptor)
    } finally {
      this.#fileSystem.close(descriptor)
    }
  }

  #sync(descriptor: number): void {
    try {
      this.#fileSystem.sync(descriptor)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error
      const message =
        'events cannot be durable here: under --permission Node never waits for the disk'
      throw new CliOpsError('UNSUPPORTED', message, { cause: error })
    }
  }
}
