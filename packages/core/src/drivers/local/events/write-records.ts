import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import type { FileSystem } from '../home/file-system.js'

/**
 * Appends bytes in one write. A short write leaves a torn record, which the next record's leading newline ends.
 *
 * @throws CliOpsError `STORAGE_FAILED` if not all of it was written
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
