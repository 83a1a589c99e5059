import type { FileSystem } from '../home/file-system.js'
import { encodeSeal } from './log-record.js'
import { segmentPath } from './segment-file.js'
import { findSeal } from './segment-scan.js'
import { writeRecords } from './write-records.js'

/**
 * Seals a segment unless it is sealed, and returns where: records behind that place are void. Anyone may do it once
 * the next segment exists; of two seals the first counts. `undefined` where the segment has expired. No seal may be in front of `clear`, where the search
 * begins.
 *
 * @throws CliOpsError `STORAGE_FAILED` when the seal did not fit on the disk: the segment is then not sealed
 */
export function sealSegment(
  fileSystem: FileSystem,
  directory: string,
  segment: number,
  clear = 0,
): number | undefined {
  const descriptor = fileSystem.openAppend(segmentPath(directory, segment))
  if (descriptor === undefined) return undefined
  try {
    const sealed = findSeal(fileSystem, descriptor, segment, clear)
    if (sealed !== undefined) return sealed
    writeRecords(fileSystem, descriptor, encodeSeal(segment), directory)
    // Somebody else may have sealed it between the look and the write.
    return findSeal(fileSystem, descriptor, segment, clear)
  } finally {
    fileSystem.close(descriptor)
  }
}
