import type { LockRequest } from '../../lock-driver.js'
import { parseEntryName } from './entry-name.js'
import { listLockDirectory } from './lock-directory.js'
import type { LockPlace, ResourcePaths } from './lock-place.js'

/**
 * Tells whether the asking flow wants to share a lock that it shares already. It then passes the queue by: an
 * exclusive waiter cannot come in before this flow has ended, so waiting behind it would never end.
 */
export function joinsOwnSharers(
  place: LockPlace,
  paths: ResourcePaths,
  { mode, held }: Pick<LockRequest, 'mode' | 'held'>,
): boolean {
  if (mode !== 'shared' || held.length === 0) return false
  return listLockDirectory(place, paths).some((text) => {
    const entry = parseEntryName(text)
    return entry?.mode === 'shared' && held.includes(entry.id)
  })
}
