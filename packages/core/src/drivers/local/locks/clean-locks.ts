import type { LockInfo } from '../../../locks/contract/lock-types.js'
import { monotonicMs } from '../../../base/process/monotonic-time.js'
import { entryPath } from '../../../base/builtins.js'
import type { CleanOptions } from '../../../locks/contract/lock-driver.js'
import { describeLock, findHolders, listEncodedResources } from './inspect-locks.js'
import { formatFree, parseClaimOwner, parseTicketName } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { readLockState, removeDeadSharers } from './lock-state.js'
import { nextStep } from './next-step.js'
import { discardFile, removeIfEmpty } from './put-directory.js'
import { swapName } from './swap-name.js'
import { raiseFloor } from './token-floor.js'
import { isFreeForLong, PATIENCE_MS } from './waiter-patience.js'

/** Directories of locks unused for this long are removed, so that old ones do not pile up. */
const IDLE_MS = 3_600_000

/**
 * Removes what dead owners, waiters and claimants left, and returns the locks that were freed. Foreign files stay.
 * Starts at a different lock each time, so that even short deadlines eventually cover all.
 */
export function cleanLocks(
  context: LockContext,
  { deadline = Infinity }: CleanOptions,
): LockInfo[] {
  const freed: LockInfo[] = []
  const resources = listEncodedResources(context)
  const start = Math.trunc(context.clock.now()) % Math.max(1, resources.length)
  for (const encoded of [...resources.slice(start), ...resources.slice(0, start)]) {
    if (monotonicMs() > deadline) return freed
    const paths = context.ofEncoded(encoded)
    freed.push(...unlessForeign(() => cleanLock(context, paths)))
    unlessForeign(() => cleanQueue(context, paths))
  }
  const { fileSystem, home } = context
  for (const name of fileSystem.list(home.paths.claims)) {
    if (monotonicMs() > deadline) return freed
    unlessForeign(() => cleanClaim(context, name))
  }
  // Last, because it proves the deaths of the others.
  context.surroundings.removeAnnouncements()
  return freed
}

function cleanLock(context: LockContext, paths: ResourcePaths): LockInfo[] {
  const { fileSystem } = context
  const seen = readLockState(context, paths)
  const freed: LockInfo[] = []
  for (const holder of findHolders(context, paths, seen)) {
    if (holder.state !== 'dead') continue
    const found = describeLock(context, paths, seen, [holder])
    if (found === null) continue
    // As it was, even if the waiters have changed by the time it is read.
    const info = { ...found }
    const { text, mode } = holder.name
    // Several processes can clean up at once; the one that freed the lock reports it.
    const isFreed =
      mode === 'shared'
        ? fileSystem.unlink(entryPath(paths.lock, text))
        : swapName(fileSystem, paths.lock, text, formatFree(info.token))
    if (!isFreed) continue
    freed.push(info)
    const [killed] = info.holders
    if (killed !== undefined)
      context.surroundings.onKilledHolder?.({ ...killed, resource: info.resource })
  }
  removeDeadSharers(context, paths, seen.sharers)
  removeIfIdle(context, paths)
  return freed
}

/**
 * Removes the directory of a lock that was not used for long. The age only makes it worthwhile: unlinking the state takes
 * the lock, under the same conditions, so a process that takes it at the same moment either finds it or does not.
 */
function removeIfIdle(context: LockContext, paths: ResourcePaths): void {
  const { fileSystem, clock } = context
  const status = fileSystem.status(paths.lock)
  if (status === undefined || clock.now() - status.modifiedMs < IDLE_MS) return
  const { state, sharers, foreign } = readLockState(context, paths)
  if (sharers.length > 0 || foreign.length > 0) return
  if (state !== undefined) {
    if (nextStep(context, paths, state, 'exclusive') === undefined) return
    // First, so that a process that creates the directory again starts above it.
    if (state.token > 0n) raiseFloor(context, state.token)
    fileSystem.unlink(entryPath(paths.lock, state.text))
  }
  removeIfEmpty(fileSystem, paths.lock)
}

function cleanQueue(context: LockContext, paths: ResourcePaths): [] {
  const { fileSystem } = context
  for (const name of fileSystem.list(paths.queue)) {
    const ticket = parseTicketName(name)
    if (ticket === undefined) continue
    const path = entryPath(paths.queue, name)
    const state = context.judge(ticket.identity)
    if (state === 'dead' || (state === 'unknown' && isLeft(context, paths, path)))
      fileSystem.unlink(path)
  }
  removeIfEmpty(fileSystem, paths.queue)
  return []
}

/** Returns whether a ticket's owner cannot be judged and does not take a free lock. If it is alive, it writes the ticket again. */
function isLeft(context: LockContext, paths: ResourcePaths, ticket: string): boolean {
  if (!isFreeForLong(context, paths)) return false
  const written = context.fileSystem.status(ticket)?.modifiedMs ?? Infinity
  return Math.abs(context.clock.now() - written) >= PATIENCE_MS
}

function cleanClaim(context: LockContext, name: string): [] {
  const { fileSystem, home } = context
  const owner = parseClaimOwner(name)
  // Only on proof of death: a slow process is about to move it.
  if (owner === undefined || context.judge(owner) !== 'dead') return []
  const prepared = entryPath(home.paths.claims, name)
  // The target of a symbolic link is not the kit's to empty.
  if (fileSystem.status(prepared)?.kind !== 'directory') return []
  for (const file of fileSystem.list(prepared))
    discardFile(fileSystem, entryPath(prepared, file), prepared)
  removeIfEmpty(fileSystem, prepared)
  return []
}

// A lock blocked by something foreign must not keep the others from being cleaned.
function unlessForeign<T>(clean: () => T[]): T[] {
  try {
    return clean()
  } catch {
    return []
  }
}
