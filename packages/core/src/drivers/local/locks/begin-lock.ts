import { nextLockId } from '../../../locks/contract/lock-id.js'
import { formatNew } from './lock-names.js'
import type { ResourcePaths } from './lock-files.js'
import type { LockContext } from './lock-context.js'
import { foreignError, isPassing, type LockState, removeDeadSharers } from './lock-state.js'
import { putDirectory } from './put-directory.js'

/**
 * Makes a lock's directory where there is none, or finishes one whose removal was begun. Whoever else does so at the
 * same time may succeed instead; the next look shows it. Returns false where one has to wait before that.
 *
 * @throws CliOpsError `STORAGE_FAILED` where something the kit did not write would be in the way for ever
 */
export function beginLock(
  context: LockContext,
  paths: ResourcePaths,
  { sharers, foreign }: LockState,
): boolean {
  // It is not ours to delete, and waiting for it would never end.
  if (!isPassing(foreign)) throw foreignError(paths, foreign)
  if (foreign.length > 0) return false
  // Sharers who came while the directory was being removed are about to see that.
  if (removeDeadSharers(context, paths, sharers).length > 0) return false
  putDirectory(context, paths.lock, formatNew(nextLockId()))
  return true
}
