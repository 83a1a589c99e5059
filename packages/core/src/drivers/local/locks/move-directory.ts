import type { FileSystem } from '../file-system.js'

const IS_WINDOWS = process.platform === 'win32'

/** POSIX lets a system say either for a directory that is not empty. */
const OCCUPIED: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST'])

/** What Windows says of a target that exists, empty or not, and of one that somebody is looking into. */
const WINDOWS_OCCUPIED: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY', 'EEXIST'])

/**
 * Renames a directory that holds a file to a place that is absent or an empty directory; this one step is what
 * decides who gets a lock. Returns false where the place is occupied. `witness` is where the file then is, if no
 * other process could have put it there.
 *
 * Other failures are thrown: `ENOENT` for a missing parent, `ENOTDIR` where the place is a file.
 */
export function moveDirectory(
  fileSystem: FileSystem,
  from: string,
  to: string,
  witness?: string,
): boolean {
  try {
    fileSystem.rename(from, to)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    // NFS repeats a request whose answer was lost, and then reports the failure of the repetition.
    if (witness !== undefined && fileSystem.status(witness) !== undefined) return true
    if (OCCUPIED.has(code)) return false
    if (!IS_WINDOWS || !WINDOWS_OCCUPIED.has(code)) throw error
  }
  return moveOnWindows(fileSystem, from, to)
}

/** Windows renames to an absent name only, so an empty directory is removed first; whoever renames first wins. */
function moveOnWindows(fileSystem: FileSystem, from: string, to: string): boolean {
  if (!removeIfEmpty(fileSystem, to)) return false
  try {
    fileSystem.rename(from, to)
    return true
  } catch (error) {
    if (WINDOWS_OCCUPIED.has((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/**
 * Removes a directory where it is empty. Whether it was, and whatever else stands in the way, is left to the next
 * one who looks: an empty directory blocks nobody.
 */
export function removeIfEmpty(fileSystem: FileSystem, directory: string): boolean {
  try {
    fileSystem.removeDirectory(directory)
    return true
  } catch {
    return false
  }
}

/** Removes a file and, where that leaves it empty, its directory. */
export function discardFile(fileSystem: FileSystem, file: string, directory: string): void {
  fileSystem.unlink(file)
  removeIfEmpty(fileSystem, directory)
}
