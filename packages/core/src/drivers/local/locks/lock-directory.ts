import { join } from 'node:path'

import { CliOpsError } from '../../../errors/cli-ops-error.js'
import type { LockMode } from '../../../locks/lock-types.js'
import { type EntryName, parseEntryName } from './entry-name.js'
import type { LockPlace, ResourcePaths } from './lock-place.js'

/** What a lock's directory holds once the entries of dead owners are gone. */
export interface LockDirectory {
  /** Entries of owners that are not proven dead. */
  readonly entries: readonly EntryName[]
  /** Names the kit did not write. */
  readonly foreign: readonly string[]
}

/** NFS keeps a removed file under such a name while somebody has it open; it goes away by itself. */
const REMOVED_ON_NFS = /^\.nfs/u

/**
 * Reads a lock's directory and removes the entries of dead owners on the way.
 *
 * The removal unlinks exactly the name that was judged. Names are never used twice, so however late it comes it
 * cannot hit a newer owner, and it does not matter who else does the same.
 */
export function readLockDirectory(place: LockPlace, paths: ResourcePaths): LockDirectory {
  const entries: EntryName[] = []
  const foreign: string[] = []
  for (const name of listLockDirectory(place, paths)) {
    const entry = parseEntryName(name)
    if (entry === undefined) foreign.push(name)
    else if (place.judge(entry.identity) === 'dead') place.fileSystem.unlink(join(paths.lock, name))
    else entries.push(entry)
  }
  return { entries, foreign }
}

/** Lists a lock's directory, sorted; nothing where it is absent. */
export function listLockDirectory(place: LockPlace, paths: ResourcePaths): string[] {
  try {
    return place.fileSystem.list(paths.lock)?.sort() ?? []
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') throw foreignError(paths, [])
    throw error
  }
}

/**
 * Tells whether a lock of this mode has to wait for what is there.
 *
 * @throws CliOpsError `STORAGE_FAILED` where something the kit did not write would be in the way for ever
 */
export function isOccupied(
  directory: LockDirectory,
  mode: LockMode,
  paths: ResourcePaths,
): boolean {
  const { entries, foreign } = directory
  if (entries.some((entry) => mode === 'exclusive' || entry.mode === 'exclusive')) return true
  // Shared holders' directory is in use whatever else lies in it.
  if (entries.length > 0 || foreign.length === 0) return false
  // It is not ours to delete, and waiting for it would never end.
  if (!foreign.every((name) => REMOVED_ON_NFS.test(name))) throw foreignError(paths, foreign)
  return true
}

/** The error for a lock's place that is taken by something the kit did not make. */
export function foreignError(paths: ResourcePaths, names: readonly string[]): CliOpsError {
  const what =
    names.length === 0
      ? 'it is not a directory'
      : `it holds ${names
          .slice(0, 3)
          .map((name) => JSON.stringify(name))
          .join(', ')}`
  return new CliOpsError(
    'STORAGE_FAILED',
    `cannot lock at ${paths.lock}: ${what}, which is not the kit's; look at it and remove it`,
    { details: { path: paths.lock, foreign: names } },
  )
}
