import { nextLockId } from '../../../locks/contract/lock-id.js'
import { formatNew } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { foreignError, isPassing, type LockState, removeDeadSharers } from './lock-state.js'
import { putDirectory } from './put-directory.js'

/**
 * Creates a lock's directory if there is none, or completes one whose removal has begun. Another process doing the
 * same might succeed instead; the next check shows it. Returns false if the caller has to wait first.
 *
 * @throws CliOpsError `STORAGE_FAILED` if foreign files would block it forever
 */
export function beginLock(
  context: LockContext,
  paths: ResourcePaths,
  { sharers, foreign }: LockState,
): boolean {
  // Foreign files are not the kit's to delete, and waiting for them would never end.
  if (!isPassing(foreign)) throw foreignError(paths, foreign)
  if (foreign.length > 0) return false
  // Sharers that came while the directory was being removed are about to notice that.
  if (removeDeadSharers(context, paths, sharers).length > 0) return false
  putDirectory(context, paths.lock, formatNew(nextLockId()))
  return true
}
