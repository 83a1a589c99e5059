import { entryPath } from '../../../base/builtins.js'
import type { ProcessIdentity } from '../../../base/process/process-identity.js'
import { sharesPids } from '../../../base/process/shares-pids.js'
import type { LockContext } from './lock-context.js'
import type { OwnerName } from './lock-names.js'
import { type OwnerRecord, parseOwnerRecord } from './owner-record.js'

/** Reads what an owner or a waiter wrote about itself. */
export function readOwnerRecord(
  { fileSystem }: LockContext,
  directory: string,
  { text, id }: Pick<OwnerName, 'text' | 'id'>,
): OwnerRecord {
  return parseOwnerRecord(fileSystem.readFile(entryPath(directory, text)), id)
}

/**
 * Returns whether a process is an ancestor that (very likely) waits for this one to end, or holds together with one.
 */
export function isWaitingAncestor(
  { surroundings }: LockContext,
  identity: ProcessIdentity,
  ancestors: ReadonlySet<number>,
): boolean {
  const { pid, partner } = identity
  const isNamed = ancestors.has(pid) || ancestors.has(partner?.pid ?? 0)
  return isNamed && sharesPids(identity, surroundings.identity())
}

/**
 * Returns false for an ancestor's other locks, and for those it took after this process began: this process was not started
 * under them.
 */
export function wasHeldAtStart(
  { surroundings }: LockContext,
  { inFlow, since = Infinity }: OwnerRecord,
): boolean {
  return inFlow && since <= surroundings.startedAt()
}
