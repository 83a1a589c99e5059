import { encodeFileName } from '../../../base/names/file-name.js'
import { ANCESTOR_GRACE_MS } from '../../../base/process/ancestors.js'
import { formatIdentity } from '../../../base/process/process-identity.js'
import { joinedBy, joinMarkName } from '../../../locks/contract/slot-name.js'
import { LOCK_SUFFIX, type ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { type OwnerName, parseSharerName, parseTicketName } from './lock-names.js'
import type { OwnerRecord } from './owner-record.js'
import type { Ticket } from './queue.js'
import { type AwaitedProcess, readOwnerRecord } from './waiting-ancestor.js'

/** Sorts after every ticket, so that in a cycle a process that waits outside the queue gives up. */
const OUTSIDE_QUEUE = '\uffff'

/** Where a search begins: a ticket, or the name that one would have. */
export type SearchStart = Pick<Ticket, 'name' | 'paths'>

/** A waiter that might keep others waiting, in the queue or outside. */
export interface OtherWaiter {
  readonly ticket: OwnerName
  /** The lock it waits for. */
  readonly paths: ResourcePaths
  readonly record: OwnerRecord
}

/** A waiter that has waited for so long that its ancestors, if they still hold a lock, wait for it to end. */
export interface LateWaiter extends OtherWaiter {
  readonly awaited: AwaitedProcess
}

/** Returns where a search begins if the calling process joins a run: it is then not in the queue. */
export function outsideQueue(context: LockContext, paths: ResourcePaths): SearchStart {
  return { name: OUTSIDE_QUEUE + context.identity, paths }
}

/** Returns waiters by the locks that their flows hold; the names of tickets say who holds any, so only a few have to be read. */
export function findHoldingWaiters(
  context: LockContext,
  own: SearchStart,
): ReadonlyMap<string, readonly OtherWaiter[]> {
  const byHeld = new Map<string, OtherWaiter[]>()
  for (const { name, paths } of listQueues(context)) {
    const ticket = name === own.name ? undefined : parseTicketName(name)
    if (ticket?.holdsOthers !== true || context.judge(ticket.identity) === 'dead') continue
    const record = readOwnerRecord(context, paths.queue, ticket)
    for (const id of record.held)
      byHeld.set(id, [...(byHeld.get(id) ?? []), { ticket, paths, record }])
  }
  return byHeld
}

/**
 * Returns the waiters, also those that join a run, for whom other processes wait. Those in the queue where the search begins wait for the same
 * holders, so hundreds there cost nothing.
 */
export function findLateWaiters(context: LockContext, own: SearchStart): LateWaiter[] {
  const latest = context.clock.now() - ANCESTOR_GRACE_MS
  return [...listTickets(context, own.paths), ...listJoiners(context)].flatMap((waiter) => {
    const { ticket, record } = waiter
    const { identity } = ticket
    const { ancestors, startedAt, since = Infinity } = record
    const isLate = since <= latest && startedAt !== undefined && ancestors.length > 0
    if (!isLate || ticket.text === own.name || context.judge(identity) === 'dead') return []
    return [{ ...waiter, awaited: { identity, ancestors: new Set(ancestors), startedAt } }]
  })
}

function listTickets(context: LockContext, { queue }: ResourcePaths): OtherWaiter[] {
  return listQueues(context).flatMap(({ name, paths }) => {
    const ticket = paths.queue === queue ? undefined : parseTicketName(name)
    if (ticket === undefined) return []
    return [{ ticket, paths, record: readOwnerRecord(context, paths.queue, ticket) }]
  })
}

function listQueues(context: LockContext): { name: string; paths: ResourcePaths }[] {
  const { fileSystem, home } = context
  return fileSystem.list(home.paths.queues).flatMap((encoded) => {
    const paths = context.ofEncoded(encoded)
    return fileSystem.list(paths.queue).map((name) => ({ name, paths }))
  })
}

/** A process that joins a run waits for its lock, and says so by a mark. */
function listJoiners(context: LockContext): OtherWaiter[] {
  const { fileSystem, home } = context
  const suffix = `${encodeFileName(joinMarkName(''))}${LOCK_SUFFIX}`
  return fileSystem.list(home.paths.locks).flatMap((name) => {
    // A long name is cut off, and has a hash.
    if (!name.endsWith(suffix) && !name.includes('~')) return []
    const { lock } = context.ofEncoded(name.slice(0, -LOCK_SUFFIX.length))
    return fileSystem.list(lock).flatMap((entry) => {
      const mark = parseSharerName(entry)
      if (mark === undefined) return []
      const record = readOwnerRecord(context, lock, mark)
      const resource = joinedBy(record.resource ?? '')
      if (resource === undefined) return []
      const text = OUTSIDE_QUEUE + formatIdentity(mark.identity)
      const ticket = { ...mark, text, mode: 'exclusive' as const }
      return [{ ticket, paths: context.of(resource), record: { ...record, resource } }]
    })
  })
}
