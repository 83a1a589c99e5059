import type { FileSystem } from '../home/file-system.js'
import { createSegment } from './open-segment.js'
import { segmentPath } from './segment-file.js'
import { findSeal } from './segment-scan.js'

/**
 * Recreates the newest segment after it was deleted by hand. Its predecessor is sealed, so records appended there would
 * never count. Returns false if that is not the case: then the log itself has started again.
 */
export function restoreNewestSegment(
  fileSystem: FileSystem,
  directory: string,
  segments: readonly number[],
  deleted: number,
): boolean {
  const before = deleted - 1
  if (segments.at(-1) !== before) return false
  const descriptor = fileSystem.openRead(segmentPath(directory, before))
  if (descriptor === undefined) return false
  try {
    if (findSeal(fileSystem, descriptor, before, 0) === undefined) return false
  } finally {
    fileSystem.close(descriptor)
  }
  createSegment(fileSystem, directory, deleted)
  return true
}
