import type { LockMode, Owner } from '../../../locks/contract/lock-types.js'
import { entryPath } from '../../../base/builtins.js'
import { formatTicketName, parseTicketName, type TicketName } from './lock-names.js'
import type { ResourcePaths } from './lock-files.js'
import type { LockContext } from './lock-context.js'
import { discardFile, removeIfEmpty } from './put-directory.js'
import { formatOwnerRecord } from './owner-record.js'
import { isIdle } from './waiter-patience.js'

/** Each repetition means that another waiter left, so this is never reached. */
const MAX_ATTEMPTS = 100

/** Who waits behind whom is a matter of fairness only: every step here may be wrong without two ever holding a lock. */
export interface QueueRequest {
  readonly resource: string
  readonly mode: LockMode
  readonly id: string
  readonly held: readonly string[]
  readonly label?: string | undefined
  readonly owner?: Owner | undefined
}

/** A waiter's place in a queue. */
export interface Ticket {
  readonly name: string
  readonly path: string
  readonly content: string
  readonly paths: ResourcePaths
}

/** Joins the queue in the place of an arrival in monotonic nanoseconds. A crash leaves the ticket, which the next to look recognises as a dead waiter's. */
export function enterQueue(context: LockContext, request: QueueRequest, arrival: bigint): Ticket {
  const { resource, mode, id, held, label, owner } = request
  const { clock } = context
  const paths = context.of(resource)
  context.surroundings.announce()
  const name = formatTicketName(arrival, mode, held.length > 0, id, context.waiterIdentity)
  const content = formatOwnerRecord({ id, resource, mode, since: clock.now(), held, label, owner })
  const ticket = { name, path: entryPath(paths.queue, name), content, paths }
  writeTicket(context, ticket)
  return ticket
}

/** Leaves the queue; the last one to leave takes its directory along. Doing it twice does nothing. */
export function leaveQueue(context: LockContext, ticket: Ticket): void {
  discardFile(context.fileSystem, ticket.path, ticket.paths.queue)
}

/**
 * Lists the names of a queue's tickets in order of arrival, dead waiters' too. They are read one by one, since of
 * hundreds a waiter needs the one before its own.
 */
export function listTicketNames(context: LockContext, paths: ResourcePaths): string[] {
  // Usually nobody waits, and a status that finds nothing costs less than a listing that fails.
  if (context.fileSystem.status(paths.queue)?.kind !== 'directory') return []
  return context.fileSystem.list(paths.queue).sort()
}

/** Lists the tickets of a queue in order of arrival, dead waiters' too. What the kit did not write is passed over. */
export function listTickets(context: LockContext, paths: ResourcePaths): TicketName[] {
  return listTicketNames(context, paths).flatMap((name) => parseTicketName(name) ?? [])
}

/**
 * Finds the last of the named tickets that has to be waited for, and removes those of dead waiters on the way there.
 *
 * A waiter that is stopped is passed over: it could not take the lock, and all the others would stand still with it.
 * It keeps its ticket, and its place counts again once it goes on.
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

/** What cannot be removed, such as a directory of that name, is in nobody's way. */
function removeTicket({ fileSystem }: LockContext, path: string): void {
  try {
    fileSystem.unlink(path)
  } catch {
    // See above.
  }
}

/**
 * Tells whether somebody is about to take the lock, whom a newcomer must not pass by. That is a waiter that is known to run: one
 * that cannot be judged may have died long ago, and one that is blocked may stay so. Neither makes a free lock a busy one.
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
    // One that is blocked writes its ticket again when it goes on, and until then no other try has to find that out.
    if (state === 'dead' || state === 'running') removeTicket(context, entryPath(paths.queue, name))
    else isEmpty = false
  }
  if (isEmpty) removeIfEmpty(context.fileSystem, paths.queue)
  return false
}

/** Writes a ticket, and again under the same name where somebody took its owner for gone. */
export function writeTicket(context: LockContext, { path, content, paths }: Ticket): void {
  const { home, fileSystem } = context
  // The last waiter to leave may remove the directory just before the file is made, and the next one again.
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
