import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

import { EXIT_IO, UserError } from '../user-error.js'

/**
 * Replaces a file's content as a whole: readers see the old or the new one, and a crash or a full disk leaves the old
 * one. The caller holds the lock that guards the file.
 */
export function writeAtomically(path: string, content: string): void {
  const target = behindLinks(path)
  // Only the owner of the lock writes, so the name need not be unique, and what a crash left is replaced.
  const temporary = `${target}.tmp`
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    const file = openSync(temporary, 'w', 0o600)
    try {
      writeFileSync(file, content)
      syncWhereAllowed(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, target)
  } catch (error) {
    removeQuietly(temporary)
    const reason = error instanceof Error ? error.message : String(error)
    throw new UserError(`cannot write ${path}: ${reason}`, EXIT_IO)
  }
}

/** Or a power failure could leave the new name with no content. Under its permission model Node refuses it, whatever is allowed. */
function syncWhereAllowed(file: number): void {
  try {
    fsyncSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error
  }
}

/** A file that is a symbolic link, as people keep their dotfiles, stays one. */
function behindLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // The error that matters is the one before.
  }
}
