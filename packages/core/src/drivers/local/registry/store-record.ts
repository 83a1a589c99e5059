import { entryPath } from '../../../base/builtins.js'
import type { ProcessIdentity } from '../../../base/process/process-identity.js'
import type { ServiceRecord } from '../../../registry/contract/registry-driver.js'
import type { FileSystem } from '../home/file-system.js'
import { recordFileName } from './record-file-name.js'
import { writeRecord } from './write-record.js'

/** Returns the path of the file of a record of this process, in a namespace's directory. */
export function recordPath(
  base: string,
  { name, instance }: Pick<ServiceRecord, 'name' | 'instance'>,
  identity: ProcessIdentity,
): string {
  return entryPath(entryPath(base, 'registry'), recordFileName(name, instance, identity))
}

/** Stores a record of this process if the registry exists. Returns false if there is more to do, or to report. */
export function storeRecord(fileSystem: FileSystem, path: string, record: ServiceRecord): boolean {
  try {
    writeRecord(fileSystem, path, record)
    return true
  } catch {
    return false
  }
}
