import { debug } from '../../../base/terminal/message.js'
import { entryPath } from '../../../base/builtins.js'
import type { LockRequest, LockWait } from '../../../locks/contract/lock-driver.js'
import type { Claim } from './claim.js'
import { tryClaim } from './claims.js'
import { ANCESTOR_GRACE_MS, type DeadlockScope, findDeadlock } from './deadlock.js'
import { IdleHeads } from './idle-heads.js'
import { inspectLock } from './inspect-locks.js'
import { kernelOf, type OwnerName, parseTicketName, type TicketName } from './lock-names.js'
import type { LockContext } from './lock-context.js'
import { findLiveHolders } from './lock-state.js'
import { PollPace } from './poll-pace.js'
import { lastWaiting, leaveQueue, listTicketNames, type Ticket, writeTicket } from './queue.js'

/** Those nearer to the head know whom they wait for, and may watch it. The others only count how many there are. */
const NEAR = 4
/** Of those who share a lock, so many are watched for their end. */
const MAX_WATCHED = 8
/** Of those that would be nudged, so many may have died or be stopped. */
const MAX_NUDGES = 4
/** How often the others look as well as those do, since all who are near may be stopped. */
const FULL_LOOK_MS = 1000
const FIRST_DEADLOCK_CHECK_MS = 1000
const MAX_DEADLOCK_CHECK_MS = 30_000
/** Describing the holder takes several reads, for a line that people read. */
const REPORT_EVERY_MS = 200

/** How a waiter hears of others, and tells of them. */
export interface QueuePositionOptions extends Pick<LockWait, 'onWait'> {
  /** Whoever leaves can tell this waiter to look. */
  readonly hearsNudges: boolean
}

/** One waiter's place in a queue. Whoever waits, by timers or by blocking, looks again and again until it is its turn. */
export class QueuePosition {
  readonly #context: LockContext
  readonly #request: LockRequest
  readonly #ticket: Ticket
  readonly #onWait: QueuePositionOptions['onWait']
  readonly #hearsNudges: boolean
  readonly #idleHeads: IdleHeads
  readonly #pace: PollPace
  readonly #began: number
  #position = 0
  /** The tickets before this one, as last known. */
  #ahead: readonly string[] = []
  #before: TicketName | undefined
  /** Nobody ahead leaves without a word to the one behind it, and this waiter hears it. */
  #isNudged = false
  #nextFullLook = 0
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

  /** Throws where the wait would close a cycle. The ticket comes first: of two that do so at once, the later look sees both. */
  begin(): void {
    // Only one that holds something can close a cycle.
    if (this.#request.held.length > 0) this.#assertNoDeadlock({ ancestors: false })
  }

  /** One look: the lock, where it is this waiter's turn and the lock can be had. */
  tryOnce(): Claim | undefined {
    if (!this.#isFarStill()) this.#find()
    return this.#isHead ? tryClaim(this.#context, this.#request) : undefined
  }

  /** What goes away or changes when it may be this waiter's turn; `undefined` while that is too far off to watch for it. */
  get watchable(): string | undefined {
    const { lock, queue } = this.#ticket.paths
    if (this.#isHead) return lock
    // Whoever is told when to look needs no watch before: it would only wake twice.
    return this.#before === undefined || this.#isNudged || this.#position >= NEAR
      ? undefined
      : entryPath(queue, this.#before.text)
  }

  /** Whose end may make it this waiter's turn, or bring that nearer: the holders, or the waiter before it. Empty where they are too many. */
  get awaited(): readonly OwnerName[] {
    if (this.#isHead) {
      const holders = findLiveHolders(this.#context, this.#ticket.paths)
      return holders.length > MAX_WATCHED ? [] : holders
    }
    return this.#before === undefined || this.#position >= NEAR ? [] : [this.#before]
  }

  /** Tells whom this waits for, and throws where that has become a deadlock. */
  report(): void {
    this.#reportHolder()
    if (this.#nowMs() < this.#nextDeadlockCheck) return
    this.#deadlockCheckMs = Math.min(MAX_DEADLOCK_CHECK_MS, this.#deadlockCheckMs * 2)
    this.#nextDeadlockCheck = this.#nowMs() + this.#deadlockCheckMs
    this.#assertNoDeadlock({ ancestors: this.#nowMs() - this.#began >= ANCESTOR_GRACE_MS })
  }

  /** Makes the next look a full one: somebody who left says that it may be this waiter's turn. */
  onNudge(): void {
    this.#nextFullLook = 0
  }

  /** How long to wait before the next look, in milliseconds. */
  pollMs(hears: { readonly change: boolean; readonly end: boolean }): number {
    const hearsOfChange = hears.change || (this.#isNudged && !this.#isHead)
    const hearsOfEnd = hears.end || (this.#isNudged && this.#position >= NEAR)
    return this.#pace.nextMs(this.#position, { hearsOfChange, hearsOfEnd }, this.#nowMs())
  }

  /** Leaves the queue, and tells the waiter behind. */
  leave(): void {
    try {
      leaveQueue(this.#context, this.#ticket)
      this.#nudgeNext()
    } catch (error) {
      // Those behind pass an idle ticket over, so this costs them a second and no more.
      debug(() => `cannot leave the queue of ${this.#request.resource}: ${String(error)}`)
    }
  }

  /** Lists the queue anew, since somebody may have come after this waiter last looked: whoever still saw its ticket is in that list. */
  #nudgeNext(): void {
    const { surroundings } = this.#context
    if (surroundings.nudge === undefined) return
    const { paths, name: own } = this.#ticket
    const behind = listTicketNames(this.#context, paths).filter((name) => name > own)
    for (const name of behind.slice(0, MAX_NUDGES)) {
      const ticket = parseTicketName(name)
      if (ticket !== undefined && surroundings.nudge(ticket.identity)) return
    }
  }

  get #isHead(): boolean {
    return this.#before === undefined && this.#position === 0
  }

  /**
   * Tells of a waiter far back whether it still is, and how far. In a long queue nearly all looks end here: a few tickets of
   * those that were seen are looked for, where a listing would name them all. They go from the front. One that gave up in the
   * middle makes the queue seem shorter, and then the listing tells.
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

  /** Finds the waiter that goes before this one. */
  #find(): void {
    const { paths, name } = this.#ticket
    const names = listTicketNames(this.#context, paths)
    const own = names.indexOf(name)
    // Somebody who could not tell this waiter from a dead one removed its ticket. The name says when it came.
    if (own === -1) writeTicket(this.#context, this.#ticket)
    const ahead = own === -1 ? names.filter((other) => other < name) : names.slice(0, own)
    this.#position = ahead.length
    this.#ahead = ahead
    this.#before = undefined
    const kernel = kernelOf(name)
    this.#isNudged = this.#hearsNudges && ahead.every((other) => kernelOf(other) === kernel)
    const now = this.#nowMs()
    if (ahead.length >= NEAR && now < this.#nextFullLook) return
    if (ahead.length > 0) this.#idleHeads.note(paths, ahead)
    this.#before = lastWaiting(this.#context, paths, ahead, (other) => this.#idleHeads.has(other))
    this.#nextFullLook = now + FULL_LOOK_MS
    if (this.#before !== undefined) return
    // All who are ahead are passed over, which has to be seen anew at each look.
    this.#position = 0
    this.#nextFullLook = now
  }

  #reportHolder(): void {
    if (this.#onWait === undefined || this.#nowMs() < this.#nextReport) return
    this.#nextReport = this.#nowMs() + REPORT_EVERY_MS
    const info = inspectLock(this.#context, this.#ticket.paths)
    // Free, and this waiter is the next.
    if (info === null || (info.id === '' && this.#position === 0)) return
    const key = `${info.id} ${info.owner.pid}`
    if (key === this.#reported) return
    this.#reported = key
    this.#onWait(info)
  }

  #assertNoDeadlock(scope: DeadlockScope): void {
    const deadlock = findDeadlock(this.#context, this.#request, this.#ticket, scope)
    if (deadlock !== undefined) throw deadlock
  }

  #nowMs(): number {
    return Number(this.#context.clock.monotonicNs() / 1_000_000n)
  }
}
