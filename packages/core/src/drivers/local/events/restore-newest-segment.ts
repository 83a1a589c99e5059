import type { FileSystem } from '../home/file-system.js'
import { createSegment } from './open-segment.js'
import { segmentPath } from './segment-file.js'
import { findSeal } from './segment-scan.js'

/**
 * Begins a segment anew that somebody has deleted while it was the newest. The one before it is sealed, so what is appended
 * there would count for nobody. False where it is not so: then the log itself has begun anew.
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
