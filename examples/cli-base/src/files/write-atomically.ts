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
 * Replaces a file's content as a whole: readers see the old or the new content, and a crash or a full disk leaves the
 * old. The caller holds the lock that guards the file.
 */
export function writeAtomically(path: string, content: string): void {
  const target = behindLinks(path)
  // Only the lock's owner writes, so the name need not be unique, and a file left by a crash is replaced.
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

/** Without it, a power failure could leave the new name without content. Under its permission model Node always refuses it. */
function syncWhereAllowed(file: number): void {
  try {
    fsyncSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error
  }
}

/** Keeps a symbolic link, such as a dotfile's, a link. */
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
    // The previous error is the one that matters.
  }
}
