import { nodeFileSystem } from '../../drivers/local/home/file-system.js'
import { entryPath } from '../../base/builtins.js'

/** Returns whether a home can have a `config.json`. If that cannot be seen, reading the file decides, or refuses. */
export function isConfigured(home: string): boolean {
  try {
    return nodeFileSystem.status(entryPath(home, 'config.json')) !== undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}
