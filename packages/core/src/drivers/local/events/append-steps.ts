import type { FileSystem } from '../home/file-system.js'
import {
  endsWithSeal,
  lookAtSegment,
  openSegment,
  type OpenSegment,
  type SegmentLook,
} from './open-segment.js'
import { newestSegment } from './segment-file.js'

/** What is known about a block right after it was written. */
export interface WriteLook extends SegmentLook {
  /** Where the block begins; `undefined` if others wrote as well, so that it has to be searched for. */
  readonly start: number | undefined
}

/** Opens the newest segment of a log for appending; returns `undefined` if none has begun that is not sealed. */
export function findNewestSegment(
  fileSystem: FileSystem,
  directory: string,
): OpenSegment | undefined {
  const newest = newestSegment(fileSystem.list(directory))
  const segment = newest === undefined ? undefined : openSegment(fileSystem, directory, newest)
  if (segment === undefined) return undefined
  let isOpen = false
  try {
    isOpen = segment.size > 0 && !endsWithSeal(fileSystem, segment)
  } finally {
    if (!isOpen) fileSystem.close(segment.descriptor)
  }
  return isOpen ? segment : undefined
}

/**
 * Checks whether a block that was just written counts: it does unless the log has moved on, or lost the segment.
 */
export function lookAfterWrite(
  fileSystem: FileSystem,
  segment: OpenSegment,
  block: Uint8Array,
): WriteLook {
  const { descriptor, size: before } = segment
  // The usual case. Data before the block was checked earlier: a seal can only come after it.
  if (segment.clear === before) {
    const { size, links } = fileSystem.openStatus(descriptor)
    if (size === before + block.length && links > 0) {
      segment.size = segment.clear = size
      return { movedOn: false, removed: false, size, start: before }
    }
  }
  const look = lookAtSegment(fileSystem, segment)
  const start = look.size - before === block.length ? before : undefined
  if (start !== undefined && !look.movedOn && !look.removed)
    segment.size = segment.clear = look.size
  return { ...look, start }
}
