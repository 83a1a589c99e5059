import type { FileSystem } from '../home/file-system.js'
import { encodeSeal } from './log-record.js'
import { segmentPath } from './segment-file.js'
import { findSeal } from './segment-scan.js'
import { writeRecords } from './write-records.js'

/**
 * Seals a segment unless it is sealed, and returns the position: records after it are void. Any process can do this once the next segment exists; of two
 * seals, the first counts. Returns `undefined` if the segment has expired. The search begins at `clear`, before which there must be no seal.
 *
 * @throws CliOpsError `STORAGE_FAILED` if the seal did not fit on the disk: the segment is then not sealed
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
    // Another process can seal it between the check and the write.
    return findSeal(fileSystem, descriptor, segment, clear)
  } finally {
    fileSystem.close(descriptor)
  }
}
