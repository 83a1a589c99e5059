import {
  type LockGrant,
  currentInstant,
  type Instant,
  LeaseClock,
} from '@cli-ops/shared-ipc/driver'

/** What a grant needs of the locks that gave it. */
export interface GrantKeeper {
  readonly leaseMs: number
  /** Asks for one lease more. Resolves to false where the lock is held no longer; rejects where nobody knows. */
  extend(resource: string, member: string): Promise<boolean>
  release(resource: string, member: string): Promise<void>
  /** Somebody wants to hear of a loss: from now on the engine's word is listened to, besides the renewals. */
  watch(): void
  /** The grant has ended, in whatever way. */
  forget(grant: RedisGrant): void
}

/** What was granted. */
export interface GrantFacts {
  readonly resource: string
  readonly member: string
  readonly id: string
  readonly token: bigint
  /** When the request was sent whose lease this is. */
  readonly sentAt: Instant
}

/**
 * A lease. It is renewed at a third of its length, and lost at its end at the latest, also while a renewal hangs: the owner
 * knows before another one can have the lock. Its timers keep no process alive.
 */
export class RedisGrant implements LockGrant {
  readonly id: string
  readonly token: bigint
  readonly grantedAt = new Date()
  readonly #keeper: GrantKeeper
  readonly #facts: GrantFacts
  readonly #clock: LeaseClock
  readonly #listeners = new Set<() => void>()
  #renewal: NodeJS.Timeout | undefined
  #end: NodeJS.Timeout | undefined
  #state: 'held' | 'released' | 'lost' = 'held'

  constructor(keeper: GrantKeeper, facts: GrantFacts) {
    this.#keeper = keeper
    this.#facts = facts
    this.id = facts.id
    this.token = facts.token
    this.#clock = new LeaseClock(keeper.leaseMs, facts.sentAt)
    this.#watchEnd()
    this.#renewLater(keeper.leaseMs / 3 - (currentInstant().monotonic - facts.sentAt.monotonic))
  }

  /** Milliseconds until the lease ends. */
  get remainingMs(): number {
    return this.#clock.remainingMs
  }

  isHeld(): boolean {
    return this.#state === 'held' && this.#clock.isRunning
  }

  onLost(listener: () => void): () => void {
    this.#keeper.watch()
    const own = (): void => {
      listener()
    }
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  async release(): Promise<void> {
    if (this.#state === 'released') return
    const { resource, member } = this.#facts
    const wasLost = this.#state === 'lost'
    this.#finish('released')
    if (!wasLost) await this.#keeper.release(resource, member)
  }

  /** The lock was taken away, or its lease has ended. */
  lose(): void {
    if (this.#state !== 'held') return
    const listeners = [...this.#listeners]
    this.#finish('lost')
    for (const listener of listeners) queueMicrotask(listener)
  }

  /** Renews the lease now. Resolves to false where it is lost. */
  async renew(): Promise<boolean> {
    const { resource, member } = this.#facts
    const sentAt = currentInstant()
    const isExtended = await this.#keeper.extend(resource, member)
    if (this.#state !== 'held') return false
    // A reply that comes after the end is no way back: another one may have had the lock since.
    if (!isExtended || !this.#clock.isRunning) {
      this.lose()
      return false
    }
    this.#clock.renew(sentAt)
    return true
  }

  #renewLater(delayMs: number): void {
    this.#renewal = setTimeout(
      () => {
        const { leaseMs } = this.#keeper
        this.renew().then(
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
    this.#keeper.forget(this)
  }
}
