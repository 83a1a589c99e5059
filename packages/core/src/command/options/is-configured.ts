import { nodeFileSystem } from '../../drivers/local/home/file-system.js'
import { entryPath } from '../../base/builtins.js'

/** Tells whether a home may have a `config.json`. Whether there is one where that cannot be seen, reading it finds out, or refuses. */
export function isConfigured(home: string): boolean {
  try {
    return nodeFileSystem.status(entryPath(home, 'config.json')) !== undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}
