import { blockFor } from '../../../base/wait/block-for.js'
import { entryPath } from '../../../base/builtins.js'
import type { FileSystem } from '../home/file-system.js'

const IS_WINDOWS = process.platform === 'win32'

/** What Windows says of a name that somebody is looking into, and of a directory that exists. */
const WINDOWS_BUSY: readonly string[] = ['EPERM', 'EACCES', 'EBUSY', 'EEXIST']

/** A virus scanner is done with so small a file long before. */
const MAX_PATIENT_ATTEMPTS = 100
const PATIENT_PAUSE_MS = 5

/** The name is not there any more, or not even the directory. */
const GONE: readonly string[] = ['ENOENT', 'ENOTDIR']

/** Tells whether an error only means that Windows cannot rename just now. */
export function isBusyOnWindows(error: unknown): boolean {
  return IS_WINDOWS && WINDOWS_BUSY.includes((error as NodeJS.ErrnoException).code ?? '')
}

/**
 * Renames exactly this name in a directory: a compare-and-swap, since of any number of racers one finds it. Returns false
 * where it is not there any more. `witness` is a path that only this caller's success can have made.
 */
export function swapName(
  fileSystem: FileSystem,
  directory: string,
  from: string,
  to: string,
  { witness }: { readonly witness?: string } = {},
): boolean {
  try {
    fileSystem.rename(entryPath(directory, from), entryPath(directory, to))
    return true
  } catch (error) {
    if (isBusyOnWindows(error)) return false
    const { code = '' } = error as NodeJS.ErrnoException
    if (!GONE.includes(code)) throw error
    // NFS repeats a request whose answer was lost, and then reports the failure of the repetition.
    return code === 'ENOENT' && witness !== undefined && fileSystem.status(witness) !== undefined
  }
}

/** As {@link swapName}, for a name that is the caller's own: where Windows cannot rename it just now, it tries on. */
export function swapNamePatiently(
  fileSystem: FileSystem,
  directory: string,
  from: string,
  to: string,
): boolean {
  for (let attempt = 1; ; attempt += 1) {
    try {
      fileSystem.rename(entryPath(directory, from), entryPath(directory, to))
      return true
    } catch (error) {
      if (GONE.includes((error as NodeJS.ErrnoException).code ?? '')) return false
      if (!isBusyOnWindows(error) || attempt === MAX_PATIENT_ATTEMPTS) throw error
    }
    blockFor(PATIENT_PAUSE_MS)
  }
}
