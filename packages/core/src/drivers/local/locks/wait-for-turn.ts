import { debug } from '../../../diagnostics/message.js'
import { entryPath } from '../../../process/builtins.js'
import type { LockRequest, LockWait } from '../../lock-driver.js'
import { storageError } from '../home.js'
import { type Claim, tryClaim } from './claims.js'
import { type DeadlockScope, findDeadlock } from './deadlock.js'
import { HintWatch } from './hint-watch.js'
import { IdleHeads } from './idle-heads.js'
import { inspectLock } from './inspect-locks.js'
import type { TicketName } from './lock-names.js'
import type { LockPlace } from './lock-place.js'
import { lastWaiting, leaveQueue, listTicketNames, type Ticket, writeTicket } from './queue.js'

/** The first in the queue looks this often whether the holder died; a release is usually heard of at once. */
const HEAD_POLL_MS = 10
/** Those behind look less often the further back they are; each hears of its predecessor's leaving by a watch. */
const WATCHED_POLL_MS = 50
/** Without a watch the poll is all there is. */
const UNWATCHED_POLL_MS = 5
const MAX_POLL_MS = 1000
/** A race that is lost is looked at again at once, but not for ever. */
const MAX_LOOKS = 10
const FIRST_DEADLOCK_CHECK_MS = 1000
const MAX_DEADLOCK_CHECK_MS = 30_000
/** A parent that began this process and then releases the lock has done so by then; one that waits for it has not. */
const ANCESTOR_GRACE_MS = 3000
/** Describing the holder takes several reads, for a line that people read. */
const REPORT_EVERY_MS = 200

/**
 * Waits with a ticket in the queue until the lock is won. Rejects with the signal's reason once it is aborted, or with
 * `LOCK_DEADLOCK`; the queue has then been left. Keeps the process alive, since somebody awaits it.
 */
export function waitForTurn(
  place: LockPlace,
  request: LockRequest,
  wait: LockWait,
  ticket: Ticket,
): Promise<Claim> {
  return new Promise((resolve, reject) => {
    new Waiter(place, request, wait, ticket, resolve, reject).start()
  })
}

class Waiter {
  readonly #place: LockPlace
  readonly #request: LockRequest
  readonly #wait: LockWait
  readonly #resolve: (claim: Claim) => void
  readonly #reject: (reason: unknown) => void
  readonly #hint: HintWatch
  readonly #idleHeads: IdleHeads
  readonly #ticket: Ticket
  #ended = false
  #position = 0
  #stopTimer: () => void = () => undefined
  #deadlockCheckMs = FIRST_DEADLOCK_CHECK_MS
  #nextDeadlockCheck: number
  readonly #began: number
  #nextReport = 0
  #reported = ''

  constructor(
    place: LockPlace,
    request: LockRequest,
    wait: LockWait,
    ticket: Ticket,
    resolve: (claim: Claim) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#place = place
    this.#request = request
    this.#wait = wait
    this.#ticket = ticket
    this.#resolve = resolve
    this.#reject = reject
    this.#hint = new HintWatch(place.fileSystem, () => this.#look())
    this.#idleHeads = new IdleHeads(place)
    this.#began = this.#nowMs()
    this.#nextDeadlockCheck = this.#began + FIRST_DEADLOCK_CHECK_MS
  }

  start(): void {
    if (this.#wait.signal.aborted) {
      this.#abort()
      return
    }
    try {
      this.#wait.signal.addEventListener('abort', this.#abort)
      // Only one that holds something can close a cycle. The tickets come first: of two that close one at once, the
      // later look sees both.
      if (this.#request.held.length > 0) this.#assertNoDeadlock({ ancestors: false })
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#look()
  }

  /** One look: is it this waiter's turn, and if not, when to look again. */
  #look(): void {
    if (this.#ended) return
    this.#stopTimer()
    try {
      const claim = this.#tryTurn()
      if (claim !== undefined) {
        this.#end()
        this.#resolve(claim)
        return
      }
      this.#report()
      this.#checkDeadlock()
    } catch (error) {
      this.#fail(error)
      return
    }
    if (this.#ended) return
    this.#stopTimer = this.#place.clock.startTimer(this.#pollMs(), () => this.#look(), {
      persistent: true,
    })
  }

  /** Arms a watch and then looks again, since what happened before the watch is told by nobody. */
  #tryTurn(): Claim | undefined {
    const { lock, queue } = this.#place.of(this.#request.resource)
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const before = this.#findBefore()
      if (before === undefined) {
        const claim = tryClaim(this.#place, this.#request)
        if (claim !== undefined) return claim
      }
      if (!this.#hint.isNewOn(before === undefined ? lock : entryPath(queue, before.text))) break
    }
    return undefined
  }

  /** The waiter that goes before this one; `undefined` at the head. */
  #findBefore(): TicketName | undefined {
    const ticket = this.#ticket
    const { paths } = ticket
    const names = listTicketNames(this.#place, paths)
    const own = names.indexOf(ticket.name)
    // Somebody who could not tell this waiter from a dead one removed its ticket. The name says when it came.
    if (own === -1) writeTicket(this.#place, ticket)
    const ahead = own === -1 ? names.filter((name) => name < ticket.name) : names.slice(0, own)
    this.#position = ahead.length
    if (ahead.length > 0) this.#idleHeads.note(paths, ahead)
    return lastWaiting(this.#place, paths, ahead, (name) => this.#idleHeads.has(name))
  }

  #pollMs(): number {
    if (this.#position === 0) return HEAD_POLL_MS
    const step = this.#hint.isArmed ? WATCHED_POLL_MS : UNWATCHED_POLL_MS
    return Math.min(MAX_POLL_MS, step * this.#position)
  }

  #report(): void {
    const { onWait } = this.#wait
    if (onWait === undefined || this.#nowMs() < this.#nextReport) return
    this.#nextReport = this.#nowMs() + REPORT_EVERY_MS
    const info = inspectLock(this.#place, this.#place.of(this.#request.resource))
    // Free, and this waiter is the next.
    if (info === null || (info.id === '' && this.#position === 0)) return
    const key = `${info.id} ${info.owner.pid}`
    if (key === this.#reported) return
    this.#reported = key
    onWait(info)
  }

  #checkDeadlock(): void {
    if (this.#nowMs() < this.#nextDeadlockCheck) return
    this.#deadlockCheckMs = Math.min(MAX_DEADLOCK_CHECK_MS, this.#deadlockCheckMs * 2)
    this.#nextDeadlockCheck = this.#nowMs() + this.#deadlockCheckMs
    const ancestors = this.#nowMs() - this.#began >= ANCESTOR_GRACE_MS
    this.#assertNoDeadlock({ ancestors })
  }

  #assertNoDeadlock(scope: DeadlockScope): void {
    const deadlock = findDeadlock(this.#place, this.#request, this.#ticket, scope)
    if (deadlock !== undefined) throw deadlock
  }

  readonly #abort = (): void => {
    this.#end()
    this.#reject(this.#wait.signal.reason)
  }

  #fail(error: unknown): void {
    this.#end()
    this.#reject(storageError(error, this.#place.home.root))
  }

  #end(): void {
    this.#ended = true
    this.#stopTimer()
    this.#hint.close()
    this.#wait.signal.removeEventListener('abort', this.#abort)
    this.#leave()
  }

  readonly #leave = (): void => {
    try {
      leaveQueue(this.#place, this.#ticket)
    } catch (error) {
      // Those behind pass an idle ticket over, so this costs them a second and no more.
      debug(() => `cannot leave the queue of ${this.#request.resource}: ${String(error)}`)
    }
  }

  #nowMs(): number {
    return Number(this.#place.clock.monotonicNs() / 1_000_000n)
  }
}
