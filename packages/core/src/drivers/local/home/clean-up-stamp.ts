import { entryPath } from '../../../base/builtins.js'
import type { FileSystem } from './file-system.js'

/** The file that each clean-up rewrites. */
function cleanUpStamp(base: string): string {
  return entryPath(base, 'last-clean-up')
}

/** Returns whether the last clean-up is older than the interval. */
export function isCleanUpDue(fileSystem: FileSystem, base: string, intervalMs: number): boolean {
  const status = fileSystem.status(cleanUpStamp(base))
  // A stamp in the far future means that the clock was set back.
  return Math.abs(Date.now() - (status?.modifiedMs ?? 0)) >= intervalMs
}

/** Records the time of a clean-up. */
export function renewCleanUpStamp(fileSystem: FileSystem, base: string): void {
  const stamp = cleanUpStamp(base)
  fileSystem.unlink(stamp)
  fileSystem.createFile(stamp, '')
}
