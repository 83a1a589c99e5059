import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import type { FileSystem } from '../home/file-system.js'

/**
 * Appends bytes in one write. What a short write leaves is torn; the next record's leading newline ends it.
 *
 * @throws CliOpsError `STORAGE_FAILED` when not all of it was written
 */
export function writeRecords(
  fileSystem: FileSystem,
  descriptor: number,
  bytes: Uint8Array,
  directory: string,
): void {
  const written = fileSystem.write(descriptor, bytes)
  if (written === bytes.length) return
  throw new CliOpsError(
    'STORAGE_FAILED',
    `cannot store the event in ${directory}: only ${written} of ${bytes.length} bytes were written; free some space`,
    { details: { directory, written, expected: bytes.length } },
  )
}
