import { encodeFileName } from '../../../base/names/file-name.js'
import { entryPath } from '../../../base/builtins.js'

/** Returns the directory of a namespace in a home. */
export function homeBase(home: string, namespace: string): string {
  return namespace === ''
    ? home
    : entryPath(entryPath(home, 'namespaces'), encodeFileName(namespace))
}
