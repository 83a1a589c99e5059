import { debug } from '../../../base/terminal/message.js'
import { entryPath } from '../../../base/builtins.js'
import { ANCESTOR_GRACE_MS } from '../../../base/process/ancestors.js'
import type { LockRequest, LockWait } from '../../../locks/contract/lock-driver.js'
import type { Claim } from './claim.js'
import { tryClaim } from './claims.js'
import { type DeadlockScope, findDeadlock } from './deadlock.js'
import { IdleHeads } from './idle-heads.js'
import { inspectLock } from './inspect-locks.js'
import {
  kernelOf,
  type OwnerName,
  parseTicketName,
  type StateName,
  type TicketName,
} from './lock-names.js'
import type { LockContext } from './lock-context.js'
import { findLiveHolders } from './lock-state.js'
import { PollPace } from './poll-pace.js'
import { lastWaiting, leaveQueue, nameAncestors, type Ticket, writeTicket } from './queue.js'

/** Waiters this near to the head know whom they wait for, and can watch it. The others only count those ahead. */
const NEAR = 4
/** The number of sharers whose end is watched. */
const MAX_WATCHED = 8
/** The number of nudged waiters that might have died or be stopped. */
const MAX_NUDGES = 4
/** How often the others check as fully as the near ones, since all near ones might be stopped. */
const FULL_LOOK_MS = 1000
const FIRST_DEADLOCK_CHECK_MS = 1000
const MAX_DEADLOCK_CHECK_MS = 30_000
/** Describing the holder takes several reads, for a line that people read. */
const REPORT_EVERY_MS = 200

/** Why a waiter checks. */
export interface Look {
  /** What the last check saw has probably changed: the first guess is that the holder has released the lock. */
  readonly isHinted?: boolean
  /** Nothing has happened for a while. */
  readonly isPoll?: boolean
}

/** How a waiter receives hints, and reports whom it waits for. */
export interface QueuePositionOptions extends Pick<LockWait, 'onWait'> {
  /** True if a leaving waiter can nudge this one. */
  readonly hearsNudges: boolean
}

/** One waiter's queue position. The waiter, by timers or by blocking, polls until it is its turn. */
export class QueuePosition {
  readonly #context: LockContext
  readonly #request: LockRequest
  #ticket: Ticket
  readonly #onWait: QueuePositionOptions['onWait']
  readonly #hearsNudges: boolean
  readonly #idleHeads: IdleHeads
  readonly #pace: PollPace
  readonly #began: number
  #position = 0
  /** The tickets before this one, at the last check. */
  #ahead: readonly string[] = []
  #before: TicketName | undefined
  /** The exclusive holder's state, if the last check found one. */
  #holder: StateName | undefined
  /** True if every waiter ahead nudges the next one when it leaves, and this waiter receives that. */
  #isNudged = false
  #nextFullLook = 0
  #areAncestorsNamed = false
  #deadlockCheckMs = FIRST_DEADLOCK_CHECK_MS
  #nextDeadlockCheck: number
  #nextReport = 0
  #reported = ''

  constructor(
    context: LockContext,
    request: LockRequest,
    ticket: Ticket,
    options: QueuePositionOptions,
  ) {
    this.#context = context
    this.#request = request
    this.#ticket = ticket
    this.#onWait = options.onWait
    this.#hearsNudges = options.hearsNudges
    this.#idleHeads = new IdleHeads(context)
    this.#began = this.#nowMs()
    this.#pace = new PollPace(NEAR, this.#began)
    this.#nextDeadlockCheck = this.#began + FIRST_DEADLOCK_CHECK_MS
  }

  /** Throws if the wait would close a cycle. The ticket comes first: of two that do so at once, the later check sees both. */
  begin(): void {
    // Only a waiter that holds something can close a cycle.
    if (this.#request.held.length > 0) this.#assertNoDeadlock({ ancestors: false })
  }

  /** One poll: returns the lock if it is this waiter's turn and the lock is available. */
  tryOnce({ isHinted = false, isPoll = true }: Look = {}): Claim | undefined {
    if (!this.#isFarStill()) this.#find(isPoll)
    if (!this.isHead) return undefined
    // Without a listing first, nobody has the lock for a shorter time.
    const released = isHinted ? this.#holder?.token : undefined
    this.#holder = undefined
    return tryClaim(this.#context, this.#request, {
      released,
      onHeld: (state) => {
        this.#holder = state
      },
    })
  }

  /** True if only the holder is before this waiter. */
  get isHead(): boolean {
    return this.#before === undefined && this.#position === 0
  }

  /** Returns whether the holder that the last poll found still has the lock. A watch that began in between reports its release. */
  isStillHeld(): boolean {
    const { fileSystem } = this.#context
    const held = this.isHead ? this.#holder?.text : undefined
    return (
      held !== undefined &&
      fileSystem.status(entryPath(this.#ticket.paths.lock, held)) !== undefined
    )
  }

  /**
   * The file that disappears or changes when it might be this waiter's turn; `undefined` while that is too far off to watch
   * for it.
   */
  get watchable(): string | undefined {
    const { lock, queue } = this.#ticket.paths
    if (this.isHead) return lock
    // A nudged waiter needs no earlier watch, which would only wake it twice.
    return this.#before === undefined || this.#isNudged || this.#position >= NEAR
      ? undefined
      : entryPath(queue, this.#before.text)
  }

  /** The owners whose end can advance this waiter: the holders, or the waiter before it. Empty if there are too many. */
  get awaited(): readonly OwnerName[] {
    if (this.isHead) {
      // The last check has just found and judged it.
      if (this.#holder?.holder !== undefined) return [this.#holder.holder]
      const holders = findLiveHolders(this.#context, this.#ticket.paths)
      return holders.length > MAX_WATCHED ? [] : holders
    }
    return this.#before === undefined || this.#position >= NEAR ? [] : [this.#before]
  }

  /** Reports whom this waits for, and throws if that has become a deadlock. */
  report(): void {
    this.#reportHolder()
    if (this.#nowMs() < this.#nextDeadlockCheck) return
    this.#deadlockCheckMs = Math.min(MAX_DEADLOCK_CHECK_MS, this.#deadlockCheckMs * 2)
    this.#nextDeadlockCheck = this.#nowMs() + this.#deadlockCheckMs
    this.#nameAncestors()
    this.#assertNoDeadlock({ ancestors: this.#nowMs() - this.#began >= ANCESTOR_GRACE_MS })
  }

  /** Makes the next check a full one: a leaving waiter says that it might be this one's turn. */
  onNudge(): void {
    this.#nextFullLook = 0
  }

  /** Returns the milliseconds to wait before the next poll. */
  pollMs(hears: { readonly change: boolean; readonly end: boolean }): number {
    const hearsOfChange = hears.change || (this.#isNudged && !this.isHead)
    const hearsOfEnd = hears.end || (this.#isNudged && this.#position >= NEAR)
    return this.#pace.nextMs(this.#position, { hearsOfChange, hearsOfEnd }, this.#nowMs())
  }

  /** Leaves the queue, and nudges the waiter behind. */
  leave(): void {
    try {
      this.#nudgeNext(leaveQueue(this.#context, this.#ticket))
    } catch (error) {
      // Waiters behind skip an idle ticket, so this costs them a second at most.
      debug(() => `cannot leave the queue of ${this.#request.resource}: ${String(error)}`)
    }
  }

  #nudgeNext(waiting: readonly string[]): void {
    const { surroundings } = this.#context
    if (surroundings.nudge === undefined) return
    const behind = waiting.filter((name) => name > this.#ticket.name)
    for (const name of behind.slice(0, MAX_NUDGES)) {
      const ticket = parseTicketName(name)
      if (ticket !== undefined && surroundings.nudge(ticket.identity)) return
    }
  }

  /**
   * Returns whether a waiter is still far back, and how far. In a long queue nearly all polls end here: it looks up a few of
   * the tickets seen earlier instead of listing all. Tickets leave from the front. One that gave up in the middle makes the
   * queue seem shorter, and then a listing decides.
   */
  #isFarStill(): boolean {
    if (this.#position < NEAR || this.#nowMs() >= this.#nextFullLook) return false
    let low = 0
    let high = this.#isThere(0) ? 0 : this.#ahead.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#isThere(middle)) high = middle
      else low = middle + 1
    }
    this.#ahead = this.#ahead.slice(low)
    this.#position = this.#ahead.length
    return this.#position >= NEAR
  }

  #isThere(index: number): boolean {
    const path = entryPath(this.#ticket.paths.queue, this.#ahead[index] ?? '')
    return this.#context.fileSystem.status(path) !== undefined
  }

  /** Finds the waiter directly before this one. */
  #find(isPoll: boolean): void {
    const { paths, name } = this.#ticket
    const names = this.#context.fileSystem.list(paths.queue).sort()
    const own = names.indexOf(name)
    // A process that could not tell this waiter from a dead one removed its ticket. The name contains its arrival
    // time.
    if (own === -1) writeTicket(this.#context, this.#ticket)
    const ahead = own === -1 ? names.filter((other) => other < name) : names.slice(0, own)
    this.#position = ahead.length
    this.#ahead = ahead
    this.#before = undefined
    const kernel = kernelOf(name)
    this.#isNudged = this.#hearsNudges && ahead.every((other) => kernelOf(other) === kernel)
    const now = this.#nowMs()
    if (ahead.length >= NEAR && now < this.#nextFullLook) return
    if (isPoll && ahead.length > 0) this.#idleHeads.note(paths, ahead)
    this.#before = lastWaiting(this.#context, paths, ahead, (other) => this.#idleHeads.has(other))
    this.#nextFullLook = now + FULL_LOOK_MS
    if (this.#before !== undefined) return
    // All waiters ahead are skipped, which has to be checked again at each poll.
    this.#position = 0
    this.#nextFullLook = now
  }

  #reportHolder(): void {
    if (this.#onWait === undefined || this.#nowMs() < this.#nextReport) return
    this.#nextReport = this.#nowMs() + REPORT_EVERY_MS
    const info = inspectLock(this.#context, this.#ticket.paths)
    // The lock is free, and this waiter is next.
    if (info === null || (info.id === '' && this.#position === 0)) return
    const key = `${info.id} ${info.owner.pid}`
    if (key === this.#reported) return
    this.#reported = key
    this.#onWait(info)
  }

  /** Before the first search that counts them, so that the last waiter of a cycle finds those of all others. */
  #nameAncestors(): void {
    const { owner, isOneOfSeveral } = this.#request
    // A process of another machine has none here.
    if (this.#areAncestorsNamed || owner !== undefined || isOneOfSeveral === true) return
    this.#areAncestorsNamed = true
    const ancestors = this.#context.surroundings.waitingAncestors()
    if (ancestors.length > 0) this.#ticket = nameAncestors(this.#context, this.#ticket, ancestors)
  }

  #assertNoDeadlock(scope: DeadlockScope): void {
    const deadlock = findDeadlock(this.#context, this.#request, this.#ticket, scope)
    if (deadlock !== undefined) throw deadlock
  }

  #nowMs(): number {
    return Number(this.#context.clock.monotonicNs() / 1_000_000n)
  }
}
