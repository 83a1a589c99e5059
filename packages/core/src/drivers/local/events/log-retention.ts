import { monotonicMs } from '../../../base/process/monotonic-time.js'
import type { CleanOptions } from '../../../locks/contract/lock-driver.js'
import type { Retention } from '../../../events/contract/event-driver.js'
import type { FileSystem } from '../home/file-system.js'
import { segmentPath, segmentsIn } from './segment-file.js'
import { countEvents } from './segment-scan.js'

/** The limits on how much of the log is kept. */
export interface ExpiryOptions extends CleanOptions {
  readonly retention: Retention
  /** Milliseconds since the epoch. */
  readonly now: number
  /** The oldest segment that a durable group still reads; `undefined` if no group is behind. */
  readonly oldestNeeded: number | undefined
  /** Whether to count the removed events, which requires reading them. */
  readonly count: boolean
  /** Called with each segment before it is removed. */
  readonly onRemove: (path: string, segment: number) => void
}

/** A segment on disk. */
interface Segment {
  readonly number: number
  readonly path: string
  readonly size: number
  /** Time of its last record, in milliseconds since the epoch. */
  readonly modifiedMs: number
}

/**
 * Removes whole segments, oldest first: those whose newest record exceeds the retention and that no durable group
 * needs, and any while the log exceeds `maxBytes`. Never removes the newest.
 *
 * @returns the number of removed events, 0 if they are not counted
 */
export function expireSegments(
  fileSystem: FileSystem,
  directory: string,
  options: ExpiryOptions,
): number {
  const { retention, now, oldestNeeded, deadline } = options
  const segments = statSegments(fileSystem, directory)
  let total = segments.reduce((sum, { size }) => sum + size, 0)
  let removed = 0
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1]
    // A segment is known to be sealed only if its successor has begun. Removing an unsealed segment would let a
    // writer that still has it open store an event that no one reads.
    if (next === undefined || next.size === 0) break
    if (deadline !== undefined && monotonicMs() >= deadline) break
    const old = now - segment.modifiedMs > retention.retentionMs
    const needed = oldestNeeded !== undefined && segment.number >= oldestNeeded
    // Oldest first and without gaps: this lets a writer conclude from a missing successor that there is none.
    if (!(old && !needed) && total <= retention.maxBytes) break
    options.onRemove(segment.path, segment.number)
    removed += removeSegment(fileSystem, segment, options.count)
    total -= segment.size
  }
  return removed
}

function statSegments(fileSystem: FileSystem, directory: string): Segment[] {
  return segmentsIn(fileSystem.list(directory)).flatMap((number) => {
    const path = segmentPath(directory, number)
    const status = fileSystem.status(path)
    return status === undefined
      ? []
      : [{ number, path, size: status.size, modifiedMs: status.modifiedMs }]
  })
}

function removeSegment(fileSystem: FileSystem, segment: Segment, count: boolean): number {
  const descriptor = count ? fileSystem.openRead(segment.path) : undefined
  try {
    const events =
      descriptor === undefined ? 0 : countEvents(fileSystem, descriptor, segment.number)
    // Of two processes that clean at the same time, one has removed it.
    return fileSystem.unlink(segment.path) ? events : 0
  } finally {
    if (descriptor !== undefined) fileSystem.close(descriptor)
  }
}
