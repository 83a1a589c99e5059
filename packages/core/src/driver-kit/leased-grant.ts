import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'
import { afterThis } from '../base/wait/next-turn.js'
import type { LockGrant } from '../locks/contract/lock-driver.js'
import { currentInstant, type Instant, LeaseClock } from './lease-clock.js'

/** A lease that an engine has granted. */
export interface GrantedLease {
  readonly id: string
  readonly token: bigint
  readonly grantedAt: Date
  /** Usable time from {@link sentAt} on, in milliseconds; `0` if there is none before {@link LeasedGrant.begin}. */
  readonly usableMs: number
  /** When the request for this lease was sent. */
  readonly sentAt: Instant
}

/** How to maintain a lease on an engine. */
export interface RenewableLease {
  /** A whole lease, in milliseconds. */
  readonly leaseMs: number
  /**
   * Renews the lease. Resolves to its new length, in milliseconds; `0` if the lock is no longer held. Rejects if the outcome is
   * unknown.
   */
  renew(): Promise<number>
  /** Releases the lock. @param wasLost whether the owner already considered it lost */
  release(wasLost: boolean): Promise<void>
  /** Called when a caller wants to be notified of a loss. */
  watch?(): void
  /** Called when the grant has ended, for any reason. */
  forget(): void
}

/**
 * A lock as a lease. It is renewed at a third of its length and lost at its end at the latest, even while a renewal hangs: the owner
 * knows before another process can acquire the lock. Its timers keep no process alive.
 */
export class LeasedGrant implements LockGrant {
  readonly id: string
  readonly token: bigint
  readonly grantedAt: Date
  readonly #keeper: RenewableLease
  readonly #clock: LeaseClock
  readonly #listeners = new Set<() => void>()
  #renewal: NodeJS.Timeout | undefined
  #end: NodeJS.Timeout | undefined
  #state: 'held' | 'released' | 'lost' = 'held'

  constructor({ id, token, grantedAt, usableMs, sentAt }: GrantedLease, keeper: RenewableLease) {
    this.id = id
    this.token = token
    this.grantedAt = grantedAt
    this.#keeper = keeper
    this.#clock = new LeaseClock(usableMs, sentAt)
    if (usableMs > 0) this.#keep(currentInstant().monotonic - sentAt.monotonic)
  }

  /** Milliseconds until the lease ends. */
  get remainingMs(): number {
    return this.#clock.remainingMs
  }

  isHeld(): boolean {
    return this.#state === 'held' && this.#clock.isRunning
  }

  onLost(listener: () => void): () => void {
    this.#keeper.watch?.()
    const own = (): void => {
      listener()
    }
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  async release(): Promise<void> {
    if (this.#state === 'released') return
    const wasLost = this.#state === 'lost'
    this.#finish('released')
    await this.#keeper.release(wasLost)
  }

  abandon(): void {
    if (this.#state === 'held') this.#finish('released')
  }

  /** Marks the lock as lost: it was taken away, or its lease has ended. */
  lose(): void {
    if (this.#state !== 'held') return
    const listeners = [...this.#listeners]
    this.#finish('lost')
    for (const listener of listeners) afterThis(listener)
  }

  /** Makes the first renewal of a grant that is not usable before. Resolves to false if it is lost. */
  async begin(): Promise<boolean> {
    const isHeld = await this.#renew()
    if (isHeld) this.#keep(0)
    return isHeld
  }

  #keep(spentMs: number): void {
    this.#watchEnd()
    this.#renewLater(this.#keeper.leaseMs / 3 - spentMs)
  }

  async #renew(): Promise<boolean> {
    const isFirst = !this.#clock.isRunning
    const sentAt = currentInstant()
    const usableMs = await this.#keeper.renew()
    if (this.#state !== 'held') return false
    // A reply after the end does not restore the lock: another process might have held it since.
    const isInTime = isFirst || this.#clock.isRunning
    if (usableMs > 0 && isInTime) this.#clock.renew(sentAt, usableMs)
    if (usableMs > 0 && isInTime && this.#clock.isRunning) return true
    this.lose()
    return false
  }

  #renewLater(delayMs: number): void {
    const { leaseMs } = this.#keeper
    this.#renewal = setTimeout(
      () => {
        if (!this.#clock.isRunning) {
          this.lose()
          return
        }
        this.#renew().then(
          (isHeld) => {
            if (isHeld) this.#renewLater(leaseMs / 3)
          },
          () => {
            if (this.#state === 'held') this.#renewLater(leaseMs / 20)
          },
        )
      },
      Math.max(0, delayMs),
    ).unref()
  }

  #watchEnd(): void {
    this.#end = setTimeout(
      () => {
        if (this.#clock.isRunning) this.#watchEnd()
        else this.lose()
      },
      Math.max(1, Math.ceil(this.#clock.remainingMs)),
    ).unref()
  }

  #finish(state: 'released' | 'lost'): void {
    this.#state = state
    clearTimeout(this.#renewal)
    clearTimeout(this.#end)
    this.#listeners.clear()
    this.#keeper.forget()
  }
}
