import { debug } from '../../../base/terminal/message.js'
import type { EventEnvelope, EventGap } from '../../../events/contract/event-types.js'
import type { EventBatch } from '../../../events/contract/event-driver.js'
import type { FileSystem } from '../home/file-system.js'
import { storageError } from '../home/home.js'
import { LineReader } from './line-reader.js'
import { type LogPosition, toCursor } from './log-position.js'
import { decodeLine, sealLine } from './log-record.js'
import { restoreNewestSegment } from './restore-newest-segment.js'
import { segmentPath, segmentsIn } from './segment-file.js'
import { findSeal, readHeader } from './segment-scan.js'
import { sealSegment } from './segment-seal.js'

/** Limits the memory of a batch, and how long one `poll` keeps the process busy. */
const MAX_BATCH_EVENTS = 512

/** The segment being read. */
interface OpenSegment {
  readonly number: number
  readonly descriptor: number
  readonly lines: LineReader
  /** The newest segment when this one was opened. */
  readonly newest: number
  /** Size of the file when it was last read to its end. */
  readTo: number
}

/**
 * Reads the log forward from a position (docs/reference/event-log.md, "Reading"). Each `poll` is one step without
 * waiting; the caller decides when to poll.
 */
export class LogReader {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  #position: LogPosition
  #open: OpenSegment | undefined

  constructor(fileSystem: FileSystem, directory: string, position: LogPosition) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#position = position
  }

  /** The position after the last record that `poll` returned or skipped. */
  get position(): LogPosition {
    return this.#position
  }

  /**
   * Returns the next events or a gap; `undefined` if there is nothing new.
   *
   * @throws CliOpsError `STORAGE_FAILED` if the log cannot be read now; the next poll starts again after the returned events
   */
  poll(): EventBatch | undefined {
    try {
      return this.#next()
    } catch (error) {
      // Another log might be there at the next poll, and events read but not returned are read again.
      this.close()
      throw storageError(error, this.#directory)
    }
  }

  close(): void {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    this.#fileSystem.close(open.descriptor)
  }

  #next(): EventBatch | undefined {
    for (;;) {
      if (this.#open === undefined) {
        const gap = this.#openSegment()
        if (gap !== undefined) return { gap, events: [] }
        // No segment exists yet.
        if (this.#open === undefined) return undefined
      }
      const step = this.#read(this.#open)
      if (step !== 'again') return step
    }
  }

  #read(open: OpenSegment): EventBatch | 'again' | undefined {
    // Check for the successor before reading. In the reverse order, events and a seal could be written in between,
    // and the segment would be left with unread events.
    const movedOn = this.#exists(open.number + 1)
    const { size, links } = this.#fileSystem.openStatus(open.descriptor)
    if (size !== open.readTo) {
      const step = this.#readLines(open, size)
      if (step !== undefined) return step
    }
    if (movedOn) return this.#leaveUnsealed(open)
    if (links === 0 || open.newest > open.number) return this.#relocate(open, links === 0)
    return undefined
  }

  #readLines(open: OpenSegment, size: number): EventBatch | 'again' | undefined {
    const events: EventEnvelope[] = []
    const seal = sealLine(open.number)
    let sealed = false
    const complete = open.lines.read((text, end) => {
      if (text === seal) {
        sealed = true
        return false
      }
      const line = decodeLine(text)
      if (line.kind === 'event') {
        line.event.cursor = toCursor({ segment: open.number, offset: end })
        events.push(line.event)
      } else if (line.kind === 'garbage') this.#skipped(open.number, end)
      return events.length < MAX_BATCH_EVENTS
    })
    if (complete) open.readTo = size
    if (sealed) this.#moveTo({ segment: open.number + 1, offset: 0 })
    else this.#position = { segment: open.number, offset: open.lines.offset }
    if (events.length > 0) return { events }
    return sealed || !complete ? 'again' : undefined
  }

  /**
   * Handles the end of a segment that has a successor but no seal: the process that began the successor died in
   * between, or is about to seal. Only records before the seal count, so it must exist before the reader leaves the
   * segment.
   */
  #leaveUnsealed(open: OpenSegment): 'again' | undefined {
    const end = open.lines.offset
    const seal = sealSegment(this.#fileSystem, this.#directory, open.number, end)
    // Sealed now: read up to the seal. The file has grown since it was last read, so that will happen.
    if (seal !== undefined) {
      open.readTo = -1
      return 'again'
    }
    // Removed: the next poll determines what is left.
    this.#moveTo({ segment: open.number + 1, offset: 0 })
    return 'again'
  }

  /**
   * Handles a file that has lost its name without being sealed, or whose successor is missing in the middle of the
   * log: someone deleted files. Once a log exists again, reading continues at its start or after the gap.
   */
  #relocate(open: OpenSegment, removed: boolean): EventBatch | undefined {
    const segments = segmentsIn(this.#fileSystem.list(this.#directory))
    const resume =
      removed && (this.#restore(segments, open.number) || this.#isBegunAnew(open, segments))
        ? open.number
        : (segments.find((number) => !removed && number > open.number) ?? segments[0])
    if (resume === undefined || resume === open.number + 1) return undefined
    const expected = toCursor(this.#position)
    this.#moveTo({ segment: resume, offset: 0 })
    return { gap: { expected, resumeAt: toCursor(this.#position) }, events: [] }
  }

  #moveTo(position: LogPosition): void {
    this.close()
    this.#position = position
  }

  /** Opens the segment of the position, or moves the position to the oldest kept segment and reports the gap. */
  #openSegment(): EventGap | undefined {
    const { segment, offset } = this.#position
    const segments = segmentsIn(this.#fileSystem.list(this.#directory))
    const newest = segments.at(-1)
    if (newest === undefined) return undefined
    const descriptor = segments.includes(segment)
      ? this.#fileSystem.openRead(segmentPath(this.#directory, segment))
      : undefined
    if (descriptor !== undefined) {
      if (this.#isLineStart(descriptor, offset)) {
        const lines = new LineReader(this.#fileSystem, descriptor, offset)
        this.#open = { number: segment, descriptor, lines, newest, readTo: -1 }
        return undefined
      }
      this.#fileSystem.close(descriptor)
    }
    return this.#moveToOldest(segments)
  }

  #moveToOldest(segments: readonly number[]): EventGap | undefined {
    const expected = this.#position
    // If a segment is missing in the middle, the one after the gap; else the oldest.
    const oldest = this.#restore(segments, expected.segment)
      ? expected.segment
      : (segments.find((number) => number > expected.segment) ?? segments[0])
    if (oldest === undefined) return undefined
    this.#position = { segment: oldest, offset: 0 }
    if (this.#hasMissedNothing(expected, oldest)) return this.#openSegment()
    return { expected: toCursor(expected), resumeAt: toCursor(this.#position) }
  }

  /**
   * Returns whether another process restarted this segment: its predecessor is then sealed where it was when the deleted segment
   * began.
   */
  #isBegunAnew({ number, descriptor }: OpenSegment, segments: readonly number[]): boolean {
    if (!segments.includes(number)) return false
    const { previousEnd } = readHeader(this.#fileSystem, descriptor)
    const before = this.#fileSystem.openRead(segmentPath(this.#directory, number - 1))
    if (before === undefined) return false
    try {
      const seal = findSeal(this.#fileSystem, before, number - 1, previousEnd ?? 0)
      // A segment that was deleted while still empty does not record that.
      return seal !== undefined && seal === (previousEnd ?? seal)
    } finally {
      this.#fileSystem.close(before)
    }
  }

  #restore(segments: readonly number[], deleted: number): boolean {
    return restoreNewestSegment(this.#fileSystem, this.#directory, segments, deleted)
  }

  /** Returns true for a position at the end of the one segment that expired last, and at the start of a new log. */
  #hasMissedNothing(expected: LogPosition, oldest: number): boolean {
    if (expected.segment === oldest) return expected.offset === 0
    if (expected.segment !== oldest - 1) return false
    const descriptor = this.#fileSystem.openRead(segmentPath(this.#directory, oldest))
    if (descriptor === undefined) return false
    try {
      const { previousEnd } = readHeader(this.#fileSystem, descriptor)
      return previousEnd !== undefined && expected.offset >= previousEnd
    } finally {
      this.#fileSystem.close(descriptor)
    }
  }

  /** Returns false for a cursor of another log: one that was deleted and started again. */
  #isLineStart(descriptor: number, offset: number): boolean {
    if (offset === 0) return true
    const before = Buffer.alloc(1)
    return this.#fileSystem.read(descriptor, before, offset - 1) === 1 && before[0] === 0x0a
  }

  #exists(segment: number): boolean {
    return this.#fileSystem.status(segmentPath(this.#directory, segment)) !== undefined
  }

  #skipped(segment: number, end: number): void {
    debug(() => `skipped an unreadable line of event segment ${segment} that ends at ${end}`)
  }
}
