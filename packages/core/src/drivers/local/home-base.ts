import { encodeFileName } from '../../names/file-name.js'
import { entryPath } from '../../process/builtins.js'

/** The directory of a namespace in a home. */
export function homeBase(home: string, namespace: string): string {
  return namespace === ''
    ? home
    : entryPath(entryPath(home, 'namespaces'), encodeFileName(namespace))
}
