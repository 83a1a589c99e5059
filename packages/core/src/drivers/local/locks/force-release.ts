import { entryPath } from '../../../base/builtins.js'
import { storageError } from '../home/home.js'
import { formatFree } from './lock-names.js'
import type { LockContext } from './lock-context.js'
import { readLockState } from './lock-state.js'
import { swapName } from './swap-name.js'

/**
 * Takes a lock from the grant with this id. The id is part of the name that is renamed or unlinked, so this cannot hit
 * a later holder.
 */
export function forceRelease(context: LockContext, resource: string, id: string): boolean {
  const { fileSystem, home } = context
  const paths = context.of(resource)
  try {
    const { state, sharers } = readLockState(context, paths)
    const sharer = sharers.find((candidate) => candidate.id === id)
    if (sharer !== undefined) return fileSystem.unlink(entryPath(paths.lock, sharer.text))
    if (state?.holder?.id !== id) return false
    return swapName(fileSystem, paths.lock, state.text, formatFree(state.token))
  } catch (error) {
    throw storageError(error, home.root)
  }
}
