import { entryPath } from '../../../base/builtins.js'
import type { ProcessIdentity } from '../../../base/process/process-identity.js'
import type { ServiceRecord } from '../../../registry/contract/registry-driver.js'
import type { UsualHome } from '../home/usual-home.js'
import { recordFileName } from './record-file-name.js'
import { writeRecord } from './write-record.js'

/** Returns the path of the file of a record of this process. */
export function recordPath(
  home: UsualHome,
  { name, instance }: Pick<ServiceRecord, 'name' | 'instance'>,
  identity: ProcessIdentity,
): string {
  return entryPath(home.directory('registry'), recordFileName(name, instance, identity))
}

/** Stores a record of this process if home and registry exist. Returns false if there is more to do, or to report. */
export function storeRecord(
  home: UsualHome,
  record: ServiceRecord,
  identity: ProcessIdentity,
): boolean {
  if (!home.isUsual()) return false
  try {
    writeRecord(home.fileSystem, recordPath(home, record, identity), record)
    return true
  } catch {
    return false
  }
}
