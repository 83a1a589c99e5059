import { blockFor } from '../../../base/wait/block-for.js'
import { entryPath } from '../../../base/builtins.js'
import type { FileSystem } from '../home/file-system.js'

const IS_WINDOWS = process.platform === 'win32'

/** Windows' errors for a name that a process has open, and for a directory that exists. */
const WINDOWS_BUSY: readonly string[] = ['EPERM', 'EACCES', 'EBUSY', 'EEXIST']

/** A virus scanner finishes such a small file long before. */
const MAX_PATIENT_ATTEMPTS = 100
const PATIENT_PAUSE_MS = 5

/** The name has gone, or even the directory. */
const GONE: readonly string[] = ['ENOENT', 'ENOTDIR']

/** Returns whether an error only means that Windows cannot rename right now. */
export function isBusyOnWindows(error: unknown): boolean {
  return IS_WINDOWS && WINDOWS_BUSY.includes((error as NodeJS.ErrnoException).code ?? '')
}

/**
 * Renames exactly this name in a directory: a compare-and-swap, since only one of any number of racers finds it. Returns
 * false if the name has gone. `witness` is a path that only this caller's success can have created.
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

/** Like {@link swapName}, for the caller's own name: while Windows cannot rename it, it retries. */
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
