import { CliOpsError } from '../../../base/errors/cli-ops-error.js'
import { describeOwner } from '../../../locks/contract/describe-owner.js'
import { ownProcess } from '../../../base/process/own-process.js'
import { partnerOf, type ProcessIdentity } from '../../../base/process/process-identity.js'
import { sharesPids } from '../../../base/process/shares-pids.js'
import { type CycleLink, findCycle } from '../../../driver-kit/find-cycle.js'
import type { Owner } from '../../../locks/contract/lock-types.js'
import { instanceOf } from '../../../locks/contract/lock-id.js'
import type { LockRequest } from '../../../locks/contract/lock-driver.js'
import type { OwnerName, TicketName } from './lock-names.js'
import type { ResourcePaths } from './resource-paths.js'
import type { LockContext } from './lock-context.js'
import { findLiveHolders } from './lock-state.js'
import { type OwnerRecord, toOwner } from './owner-record.js'
import {
  findHoldingWaiters,
  findLateWaiters,
  type LateWaiter,
  type OtherWaiter,
  type SearchStart,
} from './other-waiters.js'
import { listTickets } from './queue.js'
import {
  type AwaitedProcess,
  callingProcess,
  isWaitingAncestor,
  readOwnerRecord,
  wasHeldAtStart,
} from './waiting-ancestor.js'

/** The extent of a search. */
export interface DeadlockScope {
  /** Assume that ancestor processes wait for their descendants to end. */
  readonly ancestors: boolean
}

/** A waiter at which the search begins or arrives. */
interface Waiting extends Pick<OtherWaiter, 'paths'> {
  readonly ticket: Pick<TicketName, 'text' | 'mode' | 'id'>
  /** Absent where the search begins. */
  readonly other?: OtherWaiter
  /** True if an ancestor of the waiter holds the lock, and waits for it to end. */
  readonly isStartedUnder?: boolean
}

type Link = CycleLink<Waiting, OwnerName>

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
  readonly #waitersByHeld: ReadonlyMap<string, readonly OtherWaiter[]>
  #lateWaiters: readonly LateWaiter[] | undefined

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
          ...(this.#waitersByHeld.get(holder.id) ?? []).map((other) => toWaiting(other)),
          ...this.#lateFor(holder, paths),
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
    const self = this.#context.surroundings.identity()
    const isForSelf = isSameProcess(identity, self) && !id.startsWith(ownProcess().instance)
    if (isForSelf) return this.#read(paths.lock, { text, id }).inFlow
    if (this.#awaited === undefined || !isWaitingAncestor(identity, this.#awaited)) return false
    return wasHeldAtStart(this.#read(paths.lock, { text, id }), this.#awaited)
  }

  /** Returns the waiters, except those for the same lock, whose end an ancestor awaits as long as it holds this lock. */
  #lateFor(holder: OwnerName, { lock, queue }: ResourcePaths): Waiting[] {
    if (this.#awaited === undefined) return []
    this.#lateWaiters ??= findLateWaiters(this.#context, this.#own)
    let record: OwnerRecord | undefined
    return this.#lateWaiters.flatMap((other) => {
      const { paths, ticket, awaited } = other
      // Of those in a queue, their tickets' names say so.
      if (other.record.held.includes(holder.id)) return [toWaiting(other)]
      if (paths.queue === queue) return []
      const isAncestor = isWaitingAncestor(holder.identity, awaited)
      const isForIt =
        isSameProcess(holder.identity, ticket.identity) &&
        instanceOf(holder.id) !== instanceOf(ticket.id)
      if (!isAncestor && !isForIt) return []
      record ??= this.#read(lock, holder)
      const isUnder = isForIt ? record.inFlow : wasHeldAtStart(record, awaited)
      return isUnder ? [toWaiting(other, { isStartedUnder: isAncestor })] : []
    })
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
  #describe({ paths, other, isStartedUnder }: Waiting): { waitsFor: string; awaits?: Owner } {
    const waitsFor = other?.record.resource ?? paths.encoded
    if (isStartedUnder !== true || other === undefined) return { waitsFor }
    return { waitsFor, awaits: this.#toOwner(other.ticket.identity, other.record) }
  }

  #toOwner(identity: ProcessIdentity, record: OwnerRecord): Owner {
    return toOwner(this.#context.shown(identity), record, this.#context.judge(identity))
  }

  #read(directory: string, name: Pick<OwnerName, 'text' | 'id'>): OwnerRecord {
    return readOwnerRecord(this.#context, directory, name)
  }
}

/** Returns whether an owner is a process, which can hold what another one took for it and then started this program in it: `cli-ops run`. */
function isSameProcess(owner: ProcessIdentity, process: ProcessIdentity): boolean {
  return [owner, partnerOf(owner)].some(
    (one) => one?.pid === process.pid && one.start === process.start && sharesPids(one, process),
  )
}

function toWaiting(other: OtherWaiter, facts: Pick<Waiting, 'isStartedUnder'> = {}): Waiting {
  const { ticket, paths } = other
  return { ticket, paths, other, ...facts }
}
