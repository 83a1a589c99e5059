import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { describeOwner } from '../../../locks/contract/describe-owner.js'
import { ownProcess } from '../../../base/process/own-process.js'
import { partnerOf, type ProcessIdentity } from '../../../base/process/process-identity.js'
import { sharesPids } from '../../../base/process/shares-pids.js'
import { type CycleLink, findCycle } from '../../../driver-kit/find-cycle.js'
import type { Owner } from '../../../locks/contract/lock-types.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import { type OwnerName, parseTicketName, type TicketName } from './lock-names.js'
import type { ResourcePaths } from './lock-files.js'
import type { LockContext } from './lock-context.js'
import { findLiveHolders } from './lock-state.js'
import { type OwnerRecord, toOwner } from './owner-record.js'
import { listTickets, type Ticket } from './queue.js'
import {
  type AwaitedProcess,
  callingProcess,
  isWaitingAncestor,
  readOwnerRecord,
  wasHeldAtStart,
} from './waiting-ancestor.js'

/**
 * A parent that releases the lock after starting this process has done so by then; one that waits for this process
 * has not.
 */
export const ANCESTOR_GRACE_MS = 3_000

/** The extent of a search. */
export interface DeadlockScope {
  /** Assume that ancestor processes wait for their descendants to end. */
  readonly ancestors: boolean
}

/** A waiter that keeps others waiting: it holds something, or was started under it. */
interface HoldingWaiter {
  readonly ticket: TicketName
  readonly paths: ResourcePaths
  /** True if the lock is held by an ancestor, which waits for this process to end. */
  readonly isStartedUnder?: boolean
}

/** A waiter that other processes wait for. */
interface AwaitedWaiter extends HoldingWaiter {
  readonly awaited: AwaitedProcess
}

/** A waiter at which the search begins or arrives. */
interface Waiting extends Omit<HoldingWaiter, 'ticket'> {
  readonly ticket: Pick<TicketName, 'text' | 'mode' | 'id'>
}

type Link = CycleLink<Waiting, OwnerName>

/** Where a search begins: a ticket, or the name that one would have. */
export type SearchStart = Pick<Ticket, 'name' | 'paths'>

/**
 * Checks whether this wait could never end: whether the chain "waits for its holder, which waits for …" leads back to a
 * lock of the waiting flow itself, or to a lock of an ancestor process, which (very likely) waits for this process to
 * end. What a waiter's ancestor holds keeps others waiting in the same way.
 *
 * Links are ids of single grants that a waiting flow is known to hold, never processes, so independent flows of one
 * process form no cycle. Only the youngest waiter of a cycle gives up.
 */
export function findDeadlock(
  context: LockContext,
  request: LockRequest,
  own: SearchStart,
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
  readonly #own: SearchStart
  /** This process, if its ancestors are assumed to wait for it. */
  readonly #awaited: AwaitedProcess | undefined
  readonly #waitersByHeld: ReadonlyMap<string, readonly HoldingWaiter[]>
  #awaitedWaiters: readonly AwaitedWaiter[] | undefined

  constructor(context: LockContext, request: LockRequest, own: SearchStart, scope: DeadlockScope) {
    this.#context = context
    this.#request = request
    this.#own = own
    this.#awaited = scope.ancestors ? callingProcess(context) : undefined
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
        waitersHolding: (holder, { paths }) => [
          ...(this.#waitersByHeld.get(holder.id) ?? []),
          ...this.#startedUnder(holder, paths),
        ],
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
    if (this.#awaited === undefined || !isWaitingAncestor(identity, this.#awaited)) return false
    return wasHeldAtStart(this.#read(paths.lock, { text, id }), this.#awaited)
  }

  /** Returns the waiters, except those for the same lock, that an ancestor of theirs waits for as long as it holds this lock. */
  #startedUnder(holder: OwnerName, { lock, queue }: ResourcePaths): HoldingWaiter[] {
    if (this.#awaited === undefined) return []
    this.#awaitedWaiters ??= findAwaitedWaiters(this.#context, this.#own)
    const below = this.#awaitedWaiters.filter(
      ({ paths, awaited }) => paths.queue !== queue && isWaitingAncestor(holder.identity, awaited),
    )
    if (below.length === 0) return []
    const record = this.#read(lock, holder)
    return below
      .filter(({ awaited }) => wasHeldAtStart(record, awaited))
      .map(({ ticket, paths }) => ({ ticket, paths, isStartedUnder: true }))
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
      const owner = this.#toOwner(holder.identity, record)
      const resource = record.resource ?? paths.encoded
      return { resource, id: holder.id, owner, ...(next !== undefined && this.#describe(next)) }
    })
    const links = cycle.map(({ resource, id, owner, awaits, waitsFor }) => {
      const what = `"${resource}" is held by ${describeOwner(owner)}`
      const through = awaits && `, which waits for ${describeOwner(awaits)} to end`
      if (waitsFor !== undefined) return `${what}${through ?? ''}, which waits for "${waitsFor}"`
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

  /** Describes what keeps a holder from releasing its lock. */
  #describe({ ticket, paths, isStartedUnder }: Waiting): { waitsFor: string; awaits?: Owner } {
    const record = this.#read(paths.queue, ticket)
    const waitsFor = record.resource ?? paths.encoded
    const { identity } = parseTicketName(ticket.text) ?? {}
    if (isStartedUnder !== true || identity === undefined) return { waitsFor }
    return { waitsFor, awaits: this.#toOwner(identity, record) }
  }

  #toOwner(identity: ProcessIdentity, record: OwnerRecord): Owner {
    return toOwner(this.#context.shown(identity), record, this.#context.judge(identity))
  }

  #read(directory: string, name: Pick<OwnerName, 'text' | 'id'>): OwnerRecord {
    return readOwnerRecord(this.#context, directory, name)
  }
}

/** Returns waiters that hold other locks; their tickets' names say so, so only a few have to be read. */
function findHoldingWaiters(
  context: LockContext,
  own: SearchStart,
): ReadonlyMap<string, readonly HoldingWaiter[]> {
  const byHeld = new Map<string, HoldingWaiter[]>()
  for (const { ticket, paths } of otherWaiters(context, own)) {
    if (!ticket.holdsOthers || context.judge(ticket.identity) === 'dead') continue
    const { held } = readOwnerRecord(context, paths.queue, ticket)
    for (const id of held) byHeld.set(id, [...(byHeld.get(id) ?? []), { ticket, paths }])
  }
  return byHeld
}

/** Returns the waiters for which, by what they wrote, other processes have waited long enough. */
function findAwaitedWaiters(context: LockContext, own: SearchStart): AwaitedWaiter[] {
  const latest = context.clock.now() - ANCESTOR_GRACE_MS
  return otherWaiters(context, own).flatMap(({ ticket, paths }) => {
    const { identity } = ticket
    const { ancestors, startedAt, since = Infinity } = readOwnerRecord(context, paths.queue, ticket)
    if (ancestors.length === 0 || startedAt === undefined || since > latest) return []
    if (context.judge(identity) === 'dead') return []
    return [{ ticket, paths, awaited: { identity, ancestors: new Set(ancestors), startedAt } }]
  })
}

function otherWaiters(context: LockContext, own: SearchStart): HoldingWaiter[] {
  const { fileSystem, home } = context
  return fileSystem.list(home.paths.queues).flatMap((encoded) => {
    const paths = context.ofEncoded(encoded)
    return fileSystem.list(paths.queue).flatMap((name) => {
      const ticket = name === own.name ? undefined : parseTicketName(name)
      return ticket === undefined ? [] : [{ ticket, paths }]
    })
  })
}
