import { nodeFileSystem } from '../drivers/local/file-system.js'
import { entryPath } from '../process/builtins.js'

/** Tells whether a home has a `config.json`; what may be one is read, and refused there. */
export function isConfigured(home: string): boolean {
  try {
    return nodeFileSystem.status(entryPath(home, 'config.json')) !== undefined
  } catch {
    return true
  }
}
