import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { settingName } from '../../../base/process/setting-name.js'
import { debug } from '../../../base/terminal/message.js'
import type { Cursor } from '../../../events/contract/event-types.js'
import type { AppendOptions, CleanOptions, EventRecord, Retention } from '../../driver.js'
import type { Home } from '../home/home.js'
import { GroupCursors } from './group-cursor.js'
import { toCursor } from './log-position.js'
import { LockHistoryLog } from './lock-history-log.js'
import { encodeEvent } from './log-record.js'
import { expireSegments } from './log-retention.js'
import { LogWriter, type WrittenBlock } from './log-writer.js'
import type { WriteLook } from './append-steps.js'
import type { NewestSegment } from './newest-segment.js'
import { fullAt } from './segment-size.js'

/** A log is kept in about this many time spans, so that only a small part expires at a time. */
const SEGMENTS_PER_RETENTION = 4
/** Records of one append are written together up to this size, so that a segment barely exceeds its limit. */
const MAX_BLOCK_BYTES = 1024 * 1024

/** An event as stored. */
type WrittenEvent = Pick<EventRecord, 'json'>

/** The writing half of the event log; a command that only emits needs no more. */
export interface LogAppender {
  appendSync(events: readonly WrittenEvent[], options: AppendOptions): Cursor[]
  /** Ensures that an event counts which was written to the current segment, if the check after that leaves doubt. */
  settle(event: Buffer, written: WriteLook, options: AppendOptions): void
  /** Starts a new segment if the newest is old. Writers of few events leave that to a clean-up. */
  rotateIfOld(retention: Retention): void
  /** Expires what retention allows; returns the number of removed events, if they are to be counted. */
  expire(retention: Retention, count: boolean, options?: CleanOptions): number
  /** Creates and checks the home, and refuses one that cannot hold a log. */
  prepare(): void
  /** Closes the open segment. The next append opens it again. */
  close(): void
}

/**
 * Creates the writing half of the event log.
 *
 * @param onAppended called after each append of this process
 * @param now the wall clock, in milliseconds since the epoch
 * @param newest the segment to start with
 */
export function createLogAppender(
  home: Home,
  onAppended: () => void = () => undefined,
  now: () => number = Date.now,
  newest?: NewestSegment,
): LogAppender {
  const { fileSystem } = home
  const { events: directory } = home.paths
  const writer = new LogWriter(fileSystem, directory, now, newest)
  const cursors = new GroupCursors(fileSystem, home.paths.groups)
  const history = new LockHistoryLog(home)

  const prepare = (): void => {
    home.prepare()
    assertLocal(home)
  }

  const expire = (retention: Retention, count: boolean, options: CleanOptions = {}): number =>
    expireSegments(fileSystem, directory, {
      ...options,
      retention,
      now: now(),
      oldestNeeded: cursors.oldestSegment(),
      count,
      onRemove: (path, segment) => {
        history.keep(path, segment)
      },
    })

  /** The newest segment is not rotated for its age before this time. */
  let youngUntil = 0

  const isOld = (segment: number, segmentStartedAt: number, limits: Retention): boolean => {
    const spanMs = limits.retentionMs / SEGMENTS_PER_RETENTION
    const time = now()
    if (time - segmentStartedAt < spanMs) return false
    // If it is more than one span away, the clock has been set back since.
    if (time < youngUntil && youngUntil - time <= spanMs) return false
    youngUntil = time + spanMs
    // Rotation by age lets a part of the log expire. Nothing expires that a group still needs, so a group that never
    // returns would otherwise cause a segment for every few events.
    return (cursors.oldestSegment() ?? segment) >= segment
  }

  const rotateIfDue = (written: WrittenBlock, { retention, durable }: AppendOptions): void => {
    try {
      const { start, segmentBytes, segmentStartedAt } = written
      if (segmentBytes < fullAt(retention) && !isOld(start.segment, segmentStartedAt, retention))
        return
      if (writer.rotate(start.segment, durable)) expire(retention, false)
    } catch (error) {
      // The events are stored; the next append tries again.
      debug(() => `the event log was not rotated: ${String(error)}`)
    }
  }

  const appendSync = (events: readonly WrittenEvent[], options: AppendOptions): Cursor[] => {
    prepare()
    const appended: Cursor[] = []
    for (const records of inBlocks(events)) {
      const block = records.length === 1 && records[0] ? records[0] : Buffer.concat(records)
      const written = home.inDirectory(directory, () => writer.append(block, options.durable))
      let { offset } = written.start
      for (const record of records) {
        offset += record.length
        appended.push(toCursor({ segment: written.start.segment, offset }))
      }
      rotateIfDue(written, options)
    }
    onAppended()
    return appended
  }

  const settle = (event: Buffer, written: WriteLook, options: AppendOptions): void => {
    const settleIn = (): WrittenBlock => writer.append(event, options.durable, written)
    rotateIfDue(home.inDirectory(directory, settleIn), options)
    onAppended()
  }

  const rotateIfOld = (retention: Retention): void => {
    const { number, startedAt } = writer.newest()
    if (isOld(number, startedAt, retention)) writer.rotate(number, false)
  }

  return { appendSync, settle, rotateIfOld, expire, prepare, close: () => writer.close() }
}

/** Splits the events into blocks, each written at once. */
function inBlocks(events: readonly WrittenEvent[]): Iterable<readonly Buffer[]> {
  const [only] = events
  if (only !== undefined && events.length === 1) return [[encodeEvent(only)]]
  return cut(events)
}

function* cut(events: readonly WrittenEvent[]): Generator<readonly Buffer[]> {
  let block: Buffer[] = []
  let bytes = 0
  for (const event of events) {
    const record = encodeEvent(event)
    if (block.length > 0 && bytes + record.length > MAX_BLOCK_BYTES) {
      yield block
      block = []
      bytes = 0
    }
    block.push(record)
    bytes += record.length
  }
  if (block.length > 0) yield block
}

function assertLocal(home: Home): void {
  if (home.isLocal) return
  throw new CliOpsError(
    'UNSUPPORTED',
    `events cannot be kept on a network file system, where appends from two machines corrupt each other (${home.root}); ` +
      `set ${settingName('CLI_OPS_HOME')} to a local directory, or CLI_OPS_URL to an engine such as redis://`,
    { details: { home: home.root } },
  )
}
