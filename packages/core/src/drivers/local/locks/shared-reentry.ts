import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { holdersOf, readLockState } from './lock-state.js'

/**
 * Returns whether the requesting flow wants to share a lock that it shares already. It then bypasses the queue: an
 * exclusive waiter cannot enter before this flow has ended, so waiting behind it would never end.
 */
export function joinsOwnSharers(
  context: LockContext,
  paths: ResourcePaths,
  { mode, held }: Pick<LockRequest, 'mode' | 'held'>,
): boolean {
  if (mode !== 'shared' || held.length === 0) return false
  return holdersOf(readLockState(context, paths)).some(
    (holder) => holder.mode === 'shared' && held.includes(holder.id),
  )
}
