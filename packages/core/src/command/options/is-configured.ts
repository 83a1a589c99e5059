import { nodeFileSystem } from '../../drivers/local/home/file-system.js'
import { entryPath } from '../../base/builtins.js'

/**
 * Tells whether a home has a `config.json`; what may be one is read, and refused there. Where this user cannot even get to the home,
 * there is none of theirs in it.
 */
export function isConfigured(home: string): boolean {
  try {
    return nodeFileSystem.status(entryPath(home, 'config.json')) !== undefined
  } catch {
    return isThere(home)
  }
}

/** Tells whether this user can get to a home, which need not be one that they may look into. */
export function isThere(home: string): boolean {
  try {
    return nodeFileSystem.status(home) !== undefined
  } catch {
    return false
  }
}
