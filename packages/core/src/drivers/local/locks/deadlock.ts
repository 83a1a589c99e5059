import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { describeOwner } from '../../../locks/contract/describe-owner.js'
import { ownProcess } from '../../../base/process/own-process.js'
import { partnerOf, type ProcessIdentity } from '../../../base/process/process-identity.js'
import { sharesPids } from '../../../base/process/shares-pids.js'
import { type CycleLink, findCycle } from '../../../driver-kit/find-cycle.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import { type OwnerName, parseTicketName, type TicketName } from './lock-names.js'
import type { ResourcePaths } from './lock-files.js'
import type { LockContext } from './lock-context.js'
import { findLiveHolders } from './lock-state.js'
import { type OwnerRecord, toOwner } from './owner-record.js'
import { listTickets, type Ticket } from './queue.js'
import { isWaitingAncestor, readOwnerRecord, wasHeldAtStart } from './waiting-ancestor.js'

/**
 * A parent that releases the lock after starting this process has done so by then; one that waits for this process
 * has not.
 */
export const ANCESTOR_GRACE_MS = 3_000

/** The extent of a search. */
export interface DeadlockScope {
  /** Assume that an ancestor process waits for this process to end. */
  readonly ancestors: boolean
}

/** A waiter that holds something, and so keeps others waiting. */
interface HoldingWaiter {
  readonly ticket: TicketName
  readonly paths: ResourcePaths
}

/** A waiter at which the search begins or arrives. */
interface Waiting {
  readonly ticket: Pick<TicketName, 'text' | 'mode' | 'id'>
  readonly paths: ResourcePaths
}

type Link = CycleLink<Waiting, OwnerName>

/**
 * Checks whether this wait could never end: whether the chain "waits for its holder, which waits for …" leads back to a
 * lock of the waiting flow itself, or to a lock of an ancestor process, which (very likely) waits for this process to
 * end.
 *
 * Links are ids of single grants that a waiting flow is known to hold, never processes, so independent flows of one
 * process form no cycle. Only the youngest waiter of a cycle gives up.
 */
export function findDeadlock(
  context: LockContext,
  request: LockRequest,
  own: Ticket,
  scope: DeadlockScope,
): CliOpsError | undefined {
  const search = new DeadlockSearch(context, request, own, scope)
  const chain = search.run()
  if (chain === undefined) return undefined
  const isYoungest = chain.every(({ next }) => next === undefined || next.ticket.text < own.name)
  return isYoungest ? search.toError(chain) : undefined
}

class DeadlockSearch {
  readonly #context: LockContext
  readonly #request: LockRequest
  readonly #own: Ticket
  readonly #ancestors: ReadonlySet<number>
  readonly #waitersByHeld: ReadonlyMap<string, readonly HoldingWaiter[]>

  constructor(context: LockContext, request: LockRequest, own: Ticket, scope: DeadlockScope) {
    this.#context = context
    this.#request = request
    this.#own = own
    this.#ancestors = new Set(scope.ancestors ? context.surroundings.waitingAncestors() : [])
    this.#waitersByHeld = findHoldingWaiters(context, own)
  }

  run(): Link[] | undefined {
    const { id, mode } = this.#request
    const { name: text, paths: own } = this.#own
    return findCycle<Waiting, OwnerName>(
      { ticket: { text, mode, id }, paths: own },
      {
        idOf: (holder) => holder.id,
        modeOf: (of) => ('ticket' in of ? of.ticket.mode : of.mode),
        holdersFor: (waiting) => findLiveHolders(this.#context, waiting.paths),
        isBehindExclusive: ({ ticket, paths: place }) =>
          this.#isBehindExclusive(place, ticket.text),
        waitersHolding: (holder) => this.#waitersByHeld.get(holder.id) ?? [],
        closes: (holder, waiting) => this.#endsHere(holder, waiting.paths),
      },
    )
  }

  #isBehindExclusive(paths: ResourcePaths, ticket: string): boolean {
    return listTickets(this.#context, paths).some(
      ({ text, mode, identity }) =>
        text < ticket && mode === 'exclusive' && this.#context.judge(identity) === 'running',
    )
  }

  #endsHere({ id, identity, text }: OwnerName, paths: ResourcePaths): boolean {
    if (this.#request.held.includes(id)) return true
    if (this.#isHeldForSelf(id, identity)) return this.#read(paths.lock, { text, id }).inFlow
    if (!isWaitingAncestor(this.#context, identity, this.#ancestors)) return false
    return wasHeldAtStart(this.#context, this.#read(paths.lock, { text, id }))
  }

  /**
   * Returns whether another process took the lock for this one, until its end, and then started this program in it.
   */
  #isHeldForSelf(id: string, identity: ProcessIdentity): boolean {
    const self = this.#context.surroundings.identity()
    const isSelf = [identity, partnerOf(identity)].some(
      (one) => one?.pid === self.pid && one.start === self.start && sharesPids(one, self),
    )
    return isSelf && !id.startsWith(ownProcess().instance)
  }

  toError(chain: readonly Link[]): CliOpsError {
    const cycle = chain.map(({ holder, waiter: { paths }, next }) => {
      const record = this.#read(paths.lock, holder)
      const owner = toOwner(
        this.#context.shown(holder.identity),
        record,
        this.#context.judge(holder.identity),
      )
      const waitsFor =
        next && (this.#read(next.paths.queue, next.ticket).resource ?? next.paths.encoded)
      const resource = record.resource ?? paths.encoded
      return { resource, id: holder.id, owner, ...(waitsFor !== undefined && { waitsFor }) }
    })
    const links = cycle.map(({ resource, id, owner, waitsFor }) => {
      const what = `"${resource}" is held by ${describeOwner(owner)}`
      if (waitsFor !== undefined) return `${what}, which waits for "${waitsFor}"`
      const isOwn = this.#request.held.includes(id)
      return `${what}, ${isOwn ? 'the caller itself' : 'which waits for this process to end'}`
    })
    const { resource } = this.#request
    return new CliOpsError(
      'LOCK_DEADLOCK',
      `waiting for "${resource}" would never end: ${links.join('; ')}`,
      { details: { resource, cycle } },
    )
  }

  #read(directory: string, name: Pick<OwnerName, 'text' | 'id'>): OwnerRecord {
    return readOwnerRecord(this.#context, directory, name)
  }
}

/** Returns waiters that hold other locks; their tickets' names say so, so only a few have to be read. */
function findHoldingWaiters(
  context: LockContext,
  own: Ticket,
): ReadonlyMap<string, readonly HoldingWaiter[]> {
  const byHeld = new Map<string, HoldingWaiter[]>()
  const { fileSystem, home } = context
  for (const encoded of fileSystem.list(home.paths.queues)) {
    const paths = context.ofEncoded(encoded)
    for (const name of fileSystem.list(paths.queue)) {
      const ticket = parseTicketName(name)
      if (ticket?.holdsOthers !== true || name === own.name) continue
      if (context.judge(ticket.identity) === 'dead') continue
      const { held } = readOwnerRecord(context, paths.queue, ticket)
      for (const id of held) byHeld.set(id, [...(byHeld.get(id) ?? []), { ticket, paths }])
    }
  }
  return byHeld
}
