import { nextLockId } from '../../../locks/contract/lock-id.js'
import { entryPath, path } from '../../../base/builtins.js'
import type { FileSystem } from '../home/file-system.js'
import type { LockContext } from './lock-context.js'
import { isBusyOnWindows } from './swap-name.js'

/** POSIX allows either for a directory that is not empty. */
const OCCUPIED: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST'])

/**
 * Puts a directory that contains one empty file at a path that is absent or an empty directory. Of several racers one
 * succeeds, and no process sees the directory without its file. Returns false if the path is taken.
 *
 * A crash leaves a directory under `claims`, whose name proves its owner. Throws `ENOTDIR` if the path is a file.
 */
export function putDirectory(context: LockContext, target: string, file: string): boolean {
  const { fileSystem, home } = context
  const prepared = entryPath(home.paths.claims, `put~${nextLockId()}~${context.identity}`)
  const preparedFile = entryPath(prepared, file)
  home.inDirectory(home.paths.claims, () => {
    fileSystem.makeDirectory(prepared)
  })
  let moved = false
  try {
    fileSystem.createFile(preparedFile, '')
    moved = home.inDirectory(path.dirname(target), () => move(fileSystem, prepared, target))
    return moved
  } finally {
    if (!moved) discardFile(fileSystem, preparedFile, prepared)
  }
}

function move(fileSystem: FileSystem, from: string, to: string): boolean {
  try {
    fileSystem.rename(from, to)
    return true
  } catch (error) {
    if (OCCUPIED.has((error as NodeJS.ErrnoException).code ?? '')) return false
    if (!isBusyOnWindows(error)) throw error
    // Windows renames only to an absent name; the next attempt finds the path absent.
    removeIfEmpty(fileSystem, to)
    return false
  }
}

/**
 * Removes a directory if it is empty. Any failure is left to the next process: an empty directory blocks no one.
 */
export function removeIfEmpty(fileSystem: FileSystem, directory: string): void {
  try {
    fileSystem.removeDirectory(directory)
  } catch {
    // See above.
  }
}

/** Removes a file and, if that leaves it empty, its directory. */
export function discardFile(fileSystem: FileSystem, file: string, directory: string): void {
  fileSystem.unlink(file)
  removeIfEmpty(fileSystem, directory)
}
