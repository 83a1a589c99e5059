import type { LockMode } from '../../../locks/lock-types.js'
import { foreignError, readLockDirectory } from './lock-directory.js'
import type { LockPlace, ResourcePaths } from './lock-place.js'
import { discardFile, moveDirectory } from './move-directory.js'

/** Each repetition means that another process took a step, so this is never reached. */
const MAX_ATTEMPTS = 100

/** `whole`: the prepared directory is now the lock. `entry`: the entry was added to other sharers' directory. */
export type Move = 'whole' | 'entry' | 'occupied'

/** Where the prepared directory and its entry are, and where the entry is to be. */
export interface Route {
  readonly prepared: string
  readonly preparedEntry: string
  readonly entry: string
}

/**
 * Moves a prepared claim to the lock's place.
 *
 * @throws CliOpsError `STORAGE_FAILED` where the place is not a directory
 */
export function moveIn(place: LockPlace, mode: LockMode, paths: ResourcePaths, route: Route): Move {
  const { home, fileSystem } = place
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const isFirst = home.inDirectory(home.paths.locks, () =>
      orForeign(paths, () => moveDirectory(fileSystem, route.prepared, paths.lock, route.entry)),
    )
    if (isFirst) return 'whole'
    if (mode === 'exclusive') return 'occupied'
    const joined = joinSharers(place, paths, route)
    if (joined !== 'gone') return joined
  }
  return 'occupied'
}

/**
 * Adds a shared entry to a directory that is there already, and then looks who else is in.
 *
 * The look comes after the entry. Once the entry is in, the directory cannot be replaced, so no exclusive owner
 * can come after the look; one that came before it is seen, and this one withdraws. While it has
 * not withdrawn the exclusive owner has the lock all the same: only the look makes a sharer a holder.
 */
function joinSharers(
  place: LockPlace,
  paths: ResourcePaths,
  route: Route,
): 'entry' | 'occupied' | 'gone' {
  const { fileSystem } = place
  try {
    fileSystem.rename(route.preparedEntry, route.entry)
  } catch (error) {
    // The last holder left and took the directory along. The entry is still where it was prepared.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone'
    throw error
  }
  let isHeld = false
  try {
    const { entries } = readLockDirectory(place, paths)
    isHeld = entries.every(({ mode }) => mode === 'shared')
  } finally {
    // Also where the look failed: an entry that stayed would lock everybody out until this process ends.
    if (!isHeld) discardFile(fileSystem, route.entry, paths.lock)
  }
  return isHeld ? 'entry' : 'occupied'
}

function orForeign<T>(paths: ResourcePaths, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') throw foreignError(paths, [])
    throw error
  }
}
