import type { ServiceRecord } from '../../../registry/contract/registry-driver.js'
import type { FileSystem } from '../home/file-system.js'
import { formatRecordBody } from './record-body.js'
import { temporaryFileName } from './record-file-name.js'

/** Writes or replaces the file of a record of this process, in an existing directory. */
export function writeRecord(fileSystem: FileSystem, path: string, record: ServiceRecord): void {
  const temporary = temporaryFileName(path)
  const body = formatRecordBody(record)
  try {
    fileSystem.createFile(temporary, body)
  } catch (error) {
    // Left by a failed write of this very process; no other uses the name. On a full disk it is removed too.
    fileSystem.unlink(temporary)
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    fileSystem.createFile(temporary, body)
  }
  fileSystem.rename(temporary, path)
}
