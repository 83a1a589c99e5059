import { entryPath } from '../../../base/builtins.js'
import type { ProcessIdentity } from '../../../base/process/process-identity.js'
import { sharesPids } from '../../../base/process/shares-pids.js'
import type { LockContext } from './lock-context.js'
import type { OwnerName } from './lock-names.js'
import { type OwnerRecord, parseOwnerRecord } from './owner-record.js'

/** A process, and the processes that (very likely) wait for it to end. */
export interface AwaitedProcess {
  readonly identity: ProcessIdentity
  /** Their pids, in its pid namespace. */
  readonly ancestors: ReadonlySet<number>
  /** When its program began, in milliseconds since the epoch. */
  readonly startedAt: number
}

/** Describes the calling process. */
export function callingProcess({ surroundings }: LockContext): AwaitedProcess {
  return {
    identity: surroundings.identity(),
    ancestors: new Set(surroundings.waitingAncestors()),
    startedAt: surroundings.startedAt(),
  }
}

/** Reads what an owner or a waiter wrote about itself. */
export function readOwnerRecord(
  { fileSystem }: LockContext,
  directory: string,
  { text, id }: Pick<OwnerName, 'text' | 'id'>,
): OwnerRecord {
  return parseOwnerRecord(fileSystem.readFile(entryPath(directory, text)), id)
}

/** Returns whether the owner with this identity (very likely) waits for a process to end, or holds together with one that does. */
export function isWaitingAncestor(owner: ProcessIdentity, awaited: AwaitedProcess): boolean {
  const { pid, partner } = owner
  const { ancestors } = awaited
  const isNamed = ancestors.has(pid) || ancestors.has(partner?.pid ?? 0)
  return isNamed && sharesPids(owner, awaited.identity)
}

/**
 * Returns false for an ancestor's other locks, and for those it took after the process began: the process was not started
 * under them.
 */
export function wasHeldAtStart(
  { inFlow, since = Infinity }: OwnerRecord,
  { startedAt }: AwaitedProcess,
): boolean {
  return inFlow && since <= startedAt
}
