import type { LockMode, Owner } from '../../../locks/contract/lock-types.js'
import { debug } from '../../../base/terminal/message.js'
import { entryPath } from '../../../base/builtins.js'
import { formatTicketName, parseTicketName, type TicketName } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { removeIfEmpty } from './put-directory.js'
import { formatOwnerRecord, type RecordFacts } from './owner-record.js'
import { isIdle } from './waiter-patience.js'

/** Each repetition means that another waiter left, so this is never reached. */
const MAX_ATTEMPTS = 100

/** Queue order is only a matter of fairness: any step here can go wrong without two processes ever holding a lock. */
export interface QueueRequest {
  readonly resource: string
  readonly mode: LockMode
  readonly id: string
  readonly held: readonly string[]
  readonly label?: string | undefined
  readonly owner?: Owner | undefined
}

/** A waiter's queue entry. */
export interface Ticket {
  readonly name: string
  readonly path: string
  readonly content: string
  readonly facts: RecordFacts
  readonly paths: ResourcePaths
}

/**
 * Joins the queue at the position of an arrival in monotonic nanoseconds. A crash leaves the ticket, which the next process recognises as a dead waiter's.
 */
export function enterQueue(context: LockContext, request: QueueRequest, arrival: bigint): Ticket {
  const { resource, mode, id, held, label, owner } = request
  const { clock } = context
  const paths = context.of(resource)
  context.surroundings.announce()
  const name = formatTicketName(arrival, mode, held.length > 0, id, context.waiterIdentity)
  const facts = { id, resource, mode, since: clock.now(), held, label, owner }
  const content = formatOwnerRecord(facts)
  const ticket = { name, path: entryPath(paths.queue, name), content, facts, paths }
  writeTicket(context, ticket)
  return ticket
}

/**
 * Adds to a ticket which processes wait for the waiter to end: what they hold keeps others waiting as if the waiter held it. Added
 * later, so that a short wait does not pay for it.
 */
export function nameAncestors(
  { fileSystem }: LockContext,
  ticket: Ticket,
  ancestors: readonly number[],
): Ticket {
  const content = formatOwnerRecord({ ...ticket.facts, ancestors })
  try {
    fileSystem.overwrite(ticket.path, content)
  } catch (error) {
    // Only a deadlock could go undetected: a full disk must not end the wait.
    debug(() => `cannot name the ancestors of ${ticket.name}: ${String(error)}`)
  }
  return { ...ticket, content }
}

/**
 * Leaves the queue; the last one to leave removes its directory. Repeating it does nothing. Returns the names of the tickets that are
 * left, in order of arrival: each waiter that still saw this ticket is among them.
 */
export function leaveQueue({ fileSystem }: LockContext, { path, paths }: Ticket): string[] {
  fileSystem.unlink(path)
  // Of several that leave at once, the last one finds nothing. Attempts to remove the others' directory would fail at each turn.
  const left = fileSystem.list(paths.queue)
  if (left.length === 0) removeIfEmpty(fileSystem, paths.queue)
  return left.sort()
}

/**
 * Returns the names of a queue's tickets in order of arrival, dead waiters' too. They are parsed one by one, since of
 * hundreds a waiter needs only the one before its own.
 */
function listTicketNames(context: LockContext, paths: ResourcePaths): string[] {
  // Usually there are no waiters, and a status that finds nothing costs less than a failing listing.
  if (context.fileSystem.status(paths.queue)?.kind !== 'directory') return []
  return context.fileSystem.list(paths.queue).sort()
}

/** Returns the tickets of a queue in order of arrival, dead waiters' too. Skips foreign files. */
export function listTickets(context: LockContext, paths: ResourcePaths): TicketName[] {
  return listTicketNames(context, paths).flatMap((name) => parseTicketName(name) ?? [])
}

/**
 * Returns the last of the named tickets that has to be waited for, and removes those of dead waiters on the way.
 *
 * A stopped waiter is skipped: it could not take the lock, and all others would be stuck behind it. It keeps its
 * ticket, and its position counts again once it continues.
 */
export function lastWaiting(
  context: LockContext,
  paths: ResourcePaths,
  names: readonly string[],
  isPassedOver: (name: string) => boolean = () => false,
): TicketName | undefined {
  for (const name of names.toReversed()) {
    const ticket = isPassedOver(name) ? undefined : parseTicketName(name)
    if (ticket === undefined) continue
    const state = context.judge(ticket.identity)
    if (state === 'dead') removeTicket(context, entryPath(paths.queue, name))
    else if (state !== 'stopped') return ticket
  }
  return undefined
}

/** An entry that cannot be removed, such as a directory of that name, blocks no one. */
function removeTicket({ fileSystem }: LockContext, path: string): void {
  try {
    fileSystem.unlink(path)
  } catch {
    // See above.
  }
}

/**
 * Returns whether a waiter is about to take the lock, which a newcomer must not overtake. Only a waiter known to run counts: one
 * that cannot be judged might have died long ago, and a blocked one might stay blocked. Neither makes a free lock busy.
 */
export function hasWaiters(context: LockContext, paths: ResourcePaths): boolean {
  const names = listTicketNames(context, paths)
  if (names.length === 0) return false
  let isEmpty = true
  for (const name of names.toReversed()) {
    const ticket = parseTicketName(name)
    if (ticket === undefined) continue
    const state = context.judge(ticket.identity)
    if (state === 'running' && !isIdle(context, paths, ticket)) return true
    // A blocked waiter writes its ticket again when it continues; until then no other attempt has to detect it again.
    if (state === 'dead' || state === 'running') removeTicket(context, entryPath(paths.queue, name))
    else isEmpty = false
  }
  if (isEmpty) removeIfEmpty(context.fileSystem, paths.queue)
  return false
}

/** Writes a ticket, and again under the same name if a process took its owner for dead. */
export function writeTicket(context: LockContext, { path, content, paths }: Ticket): void {
  const { home, fileSystem } = context
  // The last waiter to leave can remove the directory just before the file is created, and so can the next one.
  for (let attempt = 1; ; attempt += 1) {
    try {
      home.inDirectory(paths.queue, () => {
        fileSystem.createFile(path, content)
      })
      return
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (!isGone || attempt === MAX_ATTEMPTS) throw error
    }
  }
}
