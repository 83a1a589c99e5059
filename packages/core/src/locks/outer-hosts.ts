import { waitingAncestors } from '../base/process/ancestors.js'
import { isProcessOf } from '../base/process/is-process-of.js'
import { visibleProcesses } from '../base/process/list-processes.js'
import { readFact } from '../base/process/process-identity.js'
import { isKeeperOf } from './contract/keeper-title.js'
import { isKeptLock } from './contract/lock-id.js'
import type { Holder, Owner } from './contract/lock-types.js'
import { ownOwner } from './contract/own-owner.js'

/** Returns whether a lock's owner is an ancestor that (very likely) waits for this process to end. In a companion, "this" is its host. */
export function awaitsThis({ host, pid, startedAt }: Owner): boolean {
  const own = ownOwner()
  return host === own.host && waitingAncestors(own.pid).includes(pid) && isProcessOf(pid, startedAt)
}

/**
 * Returns whether the holder of a lock on an engine is a command that started this process and waits for it, and not one that took the
 * lock since.
 */
export function isHostAround({
  id,
  owner,
  since,
}: Pick<Holder, 'id' | 'owner' | 'since'>): boolean {
  return isKeptLock(id) && since <= ownOwner().startedAt && awaitsThis(owner)
}

/**
 * Returns whether an ancestor has a companion, which keeps a command's locks: only then is it worth asking the engine for all of
 * them. Without a process table that shows command lines, any ancestor could have one.
 */
export function isWithinHost(): boolean {
  const ancestors = waitingAncestors(ownOwner().pid)
  if (ancestors.length === 0 || process.platform !== 'linux') return ancestors.length > 0
  return visibleProcesses().some(
    ({ pid, parent }) =>
      ancestors.includes(parent) && isKeeperOf(parent, readFact(`/proc/${pid}/cmdline`)),
  )
}
