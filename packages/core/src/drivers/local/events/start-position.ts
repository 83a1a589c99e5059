import type { StartPosition } from '../../../events/contract/event-types.js'
import { describe } from '../../../base/names/assert-name.js'
import type { FileSystem } from '../home/file-system.js'
import { type LogPosition, parseCursor } from './log-position.js'
import { LogReader } from './log-reader.js'
import { lookAtSegment } from './open-segment.js'
import { FIRST_SEGMENT, segmentPath, segmentsIn } from './segment-file.js'
import { lastLineStart } from './segment-scan.js'
import { sealSegment } from './segment-seal.js'

/** Throws a `TypeError` unless `from` is a position of this log. */
export function assertStartPosition(from: unknown): asserts from is StartPosition {
  if (from === 'latest' || from === 'earliest') return
  if (!(from instanceof Date)) parseCursor('from', from)
  else if (Number.isNaN(from.getTime())) {
    throw new TypeError(`from must be a valid date, got ${describe(String(from))}`)
  }
}

/** Returns the current position for `from`. */
export function resolveStart(
  fileSystem: FileSystem,
  directory: string,
  from: StartPosition,
): LogPosition {
  if (from === 'latest') return endOfLog(fileSystem, directory)
  if (from === 'earliest') return beginningOfLog(fileSystem, directory)
  if (from instanceof Date) return firstSince(fileSystem, directory, from)
  return parseCursor('from', from)
}

/** Returns the oldest kept position. */
export function beginningOfLog(fileSystem: FileSystem, directory: string): LogPosition {
  const [oldest = FIRST_SEGMENT] = segmentsIn(fileSystem.list(directory))
  return { segment: oldest, offset: 0 }
}

/** Returns the position after everything stored so far. */
function endOfLog(fileSystem: FileSystem, directory: string): LogPosition {
  for (;;) {
    const segment = segmentsIn(fileSystem.list(directory)).at(-1)
    if (segment === undefined) return { segment: FIRST_SEGMENT, offset: 0 }
    const descriptor = fileSystem.openRead(segmentPath(directory, segment))
    // It expired after the directory was listed, so there is a newer one.
    if (descriptor === undefined) continue
    try {
      const size = fileSystem.size(descriptor)
      if (size > 0) {
        const nextPath = segmentPath(directory, segment + 1)
        const { movedOn, removed } = lookAtSegment(fileSystem, { descriptor, nextPath })
        // It can be sealed after the listing. Records after the seal are void, and are stored again in the next one.
        if (movedOn || removed) continue
      } else if (segment > FIRST_SEGMENT) {
        // Nothing in it proves yet that its predecessor is sealed, and a writer that has that one open could still
        // store in it.
        sealSegment(fileSystem, directory, segment - 1)
      }
      const offset = lastLineStart(fileSystem, descriptor, size)
      return { segment, offset }
    } finally {
      fileSystem.close(descriptor)
    }
  }
}

/**
 * Returns the position before the first event dated `date` or later. The order is the log's: after the clock was set
 * back, events with earlier times can follow.
 */
function firstSince(fileSystem: FileSystem, directory: string, date: Date): LogPosition {
  const reader = new LogReader(fileSystem, directory, beginningOfLog(fileSystem, directory))
  try {
    for (;;) {
      let position = reader.position
      const batch = reader.poll()
      if (batch === undefined) return reader.position
      for (const event of batch.events) {
        if (Date.parse(event.time) >= date.getTime()) return position
        position = parseCursor('cursor', event.cursor)
      }
    }
  } finally {
    reader.close()
  }
}
