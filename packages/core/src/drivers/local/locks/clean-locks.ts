import { monotonicMs } from '../../../process/monotonic-time.js'
import { join } from 'node:path'

import type { LockInfo } from '../../../locks/lock-types.js'
import type { CleanOptions } from '../../lock-driver.js'
import { parseClaimOwner, parseTicketName } from './entry-name.js'
import type { FencingTokens } from './fencing-tokens.js'
import { findHolders, listEncodedResources, toLockInfo } from './inspect-locks.js'
import type { LockPlace, ResourcePaths } from './lock-place.js'
import { discardFile, removeIfEmpty } from './move-directory.js'

/**
 * Removes what dead owners, waiters and claimants left, and reports the locks that were freed. What the kit did not
 * write stays where it is; fencing tokens stay too, since they must never fall.
 */
export function cleanLocks(
  place: LockPlace,
  tokens: FencingTokens,
  { deadline = Infinity }: CleanOptions,
): LockInfo[] {
  const freed: LockInfo[] = []
  for (const encoded of listEncodedResources(place)) {
    if (monotonicMs() > deadline) return freed
    const paths = place.ofEncoded(encoded)
    freed.push(...unlessForeign(() => cleanLock(place, tokens, paths)))
    unlessForeign(() => cleanQueue(place, paths))
  }
  const { fileSystem, home } = place
  for (const name of fileSystem.list(home.paths.claims) ?? []) {
    if (monotonicMs() > deadline) return freed
    cleanClaim(place, name)
  }
  return freed
}

function cleanLock(place: LockPlace, tokens: FencingTokens, paths: ResourcePaths): LockInfo[] {
  const freed: LockInfo[] = []
  for (const holder of findHolders(place, paths)) {
    if (holder.state !== 'dead') continue
    const info = { ...toLockInfo(place, tokens, paths, holder) }
    // Several may clean up at once; the one that removed the entry reports it.
    if (place.fileSystem.unlink(join(paths.lock, holder.name.text))) freed.push(info)
  }
  removeIfEmpty(place.fileSystem, paths.lock)
  return freed
}

function cleanQueue(place: LockPlace, paths: ResourcePaths): [] {
  const { fileSystem } = place
  for (const name of fileSystem.list(paths.queue) ?? []) {
    const ticket = parseTicketName(name)
    if (ticket !== undefined && place.judge(ticket.identity) === 'dead')
      fileSystem.unlink(join(paths.queue, name))
  }
  removeIfEmpty(fileSystem, paths.queue)
  return []
}

function cleanClaim(place: LockPlace, name: string): void {
  const { fileSystem, home } = place
  const owner = parseClaimOwner(name)
  // Only on proof of death. One that is merely old may be moved into place by its owner at any moment, and an owner
  // whose entry was collected would then hold an empty directory, which the next one may replace.
  if (owner === undefined || place.judge(owner) !== 'dead') return
  const prepared = join(home.paths.claims, name)
  for (const file of fileSystem.list(prepared) ?? [])
    discardFile(fileSystem, join(prepared, file), prepared)
  removeIfEmpty(fileSystem, prepared)
}

// One lock that is blocked by something strange must not keep the others from being tidied.
function unlessForeign<T>(clean: () => T[]): T[] {
  try {
    return clean()
  } catch {
    return []
  }
}
