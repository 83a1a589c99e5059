import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'
import type { LockRequest, LockWait } from '../locks/contract/lock-driver.js'
import { anySignal } from '../base/wait/abort-signal.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { isWaitAbandoned } from '../locks/contract/wait-abandoned.js'
import type { LockInfo } from '../locks/contract/lock-types.js'
import { closedLockInfo } from '../locks/contract/closed-engine.js'
import { currentInstant, type Instant } from './lease-clock.js'
import type { LeasedGrant } from './leased-grant.js'
import { throughOutage } from '../base/errors/through-outage.js'

/** The state of a lock request on an engine. */
export type Standing =
  | { readonly state: 'granted'; readonly token: bigint }
  | {
      readonly state: 'waiting'
      /** Number of waiters ahead of this one. */
      readonly ahead: number
      /** Milliseconds until the holder's lease ends, unless it is renewed. */
      readonly holderEndsInMs: number
      /** Who holds it; `null` if that is not known, or has not changed. */
      readonly info: LockInfo | null
      /** For how long the engine grants nothing, although it knows of no holder. */
      readonly closedForMs?: number | undefined
    }
  /** Not granted, and not in the queue. */
  | { readonly state: 'busy' | 'gone' }

/** The queue of a lock on an engine, as a waiter needs it. */
export interface LeaseQueue {
  readonly leaseMs: number
  readonly timeoutMs: number
  /** How often a waiter polls. @default a third of a lease, if waiters are notified of grants */
  readonly lookEveryMs?: number | undefined
  /** Requests the lock, and enters the queue if it is taken. Rejects with `LOCK_DEADLOCK` if waiting would never end. */
  ask(request: LockRequest, signal: AbortSignal): Promise<Standing>
  /** Returns a waiter's state and renews its queue position, which expires after one lease. */
  poll(request: LockRequest): Promise<Standing>
  /** Resolves once waiters are notified of grants. Absent if they have to poll. */
  listen?(signal: AbortSignal): Promise<void>
  /** Creates the grant for a request sent at that time. @param usableMs the usable part of its lease */
  hold(request: LockRequest, token: bigint, sentAt: Instant, usableMs: number): LeasedGrant
  /** Gives up a queue position, or a grant that no caller uses. Never rejects. */
  leave(request: LockRequest): Promise<void>
}

/** How long leaving the queue can take if the engine does not answer; the queue position then expires. */
const LEAVE_MS = 50
/** Margin to poll just after the end of a lease, not just before. */
const AFTER_END_MS = 5
const MIN_LOOK_MS = 20
const RETRY_MS = 100

/**
 * One acquisition that waits in the queue of an engine. A release grants the lock to the next waiter and notifies it. That message can
 * be lost, so the waiter also polls: every third of its lease, to renew its queue position, and when the lease of a dead holder ends.
 */
export class LeaseWait {
  readonly #queue: LeaseQueue
  readonly #request: LockRequest
  readonly #wait: LockWait
  readonly #ending = new AbortController()
  readonly #signal: AbortSignal
  readonly #stopFollowing: () => void
  #wake: (() => void) | undefined
  /** Set when a message or an event requires an immediate poll. */
  #mustLook = false
  #grantedToken: bigint | undefined
  /** When the last request that renewed the queue position was sent. */
  #renewedAt: Instant = currentInstant()
  #toldOf: string | undefined

  constructor(queue: LeaseQueue, request: LockRequest, wait: LockWait) {
    this.#queue = queue
    this.#request = request
    this.#wait = wait
    ;({ signal: this.#signal, stop: this.#stopFollowing } = anySignal(
      wait.signal,
      this.#ending.signal,
    ))
  }

  /**
   * Waits for the grant. Rejects with the reason of the end, after leaving the queue if the engine answers. An abandoned wait keeps
   * its position until its lease ends.
   */
  async granted(): Promise<LeasedGrant> {
    let left: Promise<void> | undefined
    const leave = (): void => {
      const isAbandoned = this.#signal.aborted && isWaitAbandoned(this.#signal.reason)
      left = isAbandoned ? Promise.resolve() : this.#queue.leave(this.#request)
      this.#wake?.()
    }
    this.#signal.addEventListener('abort', leave, { once: true })
    try {
      return await this.#run()
    } catch (error) {
      if (left === undefined) leave()
      await Promise.race([left, new Promise((resolve) => setTimeout(resolve, LEAVE_MS))])
      throw error
    } finally {
      this.#signal.removeEventListener('abort', leave)
      this.#stopFollowing()
    }
  }

  /** Called when this waiter is granted the lock. */
  onGranted(token: bigint): void {
    this.#grantedToken = token
    this.#wake?.()
  }

  /** Polls immediately. */
  look(): void {
    this.#mustLook = true
    this.#wake?.()
  }

  end(reason: Error): void {
    this.#ending.abort(reason)
  }

  async #run(): Promise<LeasedGrant> {
    let sentAt = currentInstant()
    let standing = await this.#queue.ask(this.#request, this.#signal)
    let isListening = this.#queue.listen === undefined
    for (;;) {
      this.#signal.throwIfAborted()
      if (standing.state === 'granted') {
        const grant = await this.#take(standing.token, sentAt)
        if (grant !== undefined) return grant
      }
      if (standing.state === 'waiting') {
        this.#renewedAt = sentAt
        this.#tell(standing)
        if (isListening) await this.#sleep(standing.ahead, standing.holderEndsInMs)
        else isListening = await this.#listen()
        if (this.#grantedToken !== undefined) {
          standing = { state: 'granted', token: this.#grantedToken }
          sentAt = this.#renewedAt
          continue
        }
      }
      ;[standing, sentAt] = await this.#look(standing)
    }
  }

  async #take(token: bigint, sentAt: Instant): Promise<LeasedGrant | undefined> {
    this.#grantedToken = undefined
    const { leaseMs } = this.#queue
    // Only hand it out with enough of its lease left to be useful.
    const isFresh = currentInstant().monotonic - sentAt.monotonic < leaseMs / 2
    const grant = this.#queue.hold(this.#request, token, sentAt, isFresh ? leaseMs : 0)
    if (isFresh) return grant
    const isHeld = await grant.begin().catch(() => false)
    if (isHeld) return grant
    grant.lose()
    return undefined
  }

  /** Requests the current state. Retries through an outage of the engine, as long as it can pass. */
  #look(last: Standing): Promise<[Standing, Instant]> {
    const { leaseMs, timeoutMs } = this.#queue
    const limits = { patienceMs: leaseMs + timeoutMs, pauseMs: RETRY_MS, signal: this.#signal }
    return throughOutage(limits, async () => {
      this.#mustLook = false
      const sentAt = currentInstant()
      // If the queue position has expired, or the engine has lost it, this waiter starts again at the end.
      const standing =
        last.state === 'waiting'
          ? await this.#queue.poll(this.#request)
          : await this.#queue.ask(this.#request, this.#signal)
      return [standing, sentAt]
    })
  }

  /** Without messages the wait continues by polling, and the next round tries again. */
  async #listen(): Promise<boolean> {
    try {
      await this.#queue.listen?.(this.#signal)
      return true
    } catch (error) {
      this.#signal.throwIfAborted()
      if (!isCliOpsError(error)) throw error
      await this.#rest(RETRY_MS)
      return false
    }
  }

  async #sleep(ahead: number, holderEndsInMs: number): Promise<void> {
    const { leaseMs, lookEveryMs = leaseMs / 3 } = this.#queue
    // Only the next waiter polls at the end of the holder's lease; the others follow it.
    const untilMs = ahead === 0 ? Math.min(lookEveryMs, holderEndsInMs + AFTER_END_MS) : lookEveryMs
    await this.#rest(Math.max(MIN_LOOK_MS, untilMs))
  }

  /** Waits for a message, or for the time to pass. The timer keeps the process alive, since a caller waits for the lock. */
  #rest(ms: number): Promise<void> {
    if (this.#mustLook || this.#grantedToken !== undefined || this.#signal.aborted)
      return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#wake = wake
    })
  }

  #tell({ info, closedForMs }: Extract<Standing, { state: 'waiting' }>): void {
    const { onWait } = this.#wait
    const told = closedForMs === undefined ? info : closedLockInfo(this.#request, closedForMs)
    if (told === null || onWait === undefined || told.id === this.#toldOf) return
    this.#toldOf = told.id
    onWait(told)
  }
}
