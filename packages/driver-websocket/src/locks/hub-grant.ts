import {
  currentInstant,
  type Instant,
  LeaseClock,
  type LockGrant,
} from '@cli-ops/shared-ipc/driver'

/** What a grant needs of the locks that gave it. */
export interface GrantKeeper {
  readonly leaseMs: number
  /** Asks for one lease more. Resolves to what the hub gives, in milliseconds; `0` where the lock is held no longer. Rejects where nobody knows. */
  renew(resource: string, id: string): Promise<number>
  release(resource: string, id: string): Promise<void>
  /** The grant has ended, in whatever way. */
  forget(grant: HubGrant): void
}

/** What was granted. */
export interface GrantFacts {
  readonly resource: string
  readonly id: string
  readonly token: bigint
  readonly grantedAt: Date
  /** What the hub gives, from {@link sentAt} on; `0` where nothing is given before the first renewal. */
  readonly leaseMs: number
  /** When the request was sent whose lease this is. */
  readonly sentAt: Instant
}

/**
 * A lease that is bound to a connection. It is renewed at a third of its length, and lost at its end at the latest, also while a
 * renewal hangs; and with its connection, since no later one can renew it. Its timers keep no process alive.
 */
export class HubGrant implements LockGrant {
  readonly id: string
  readonly token: bigint
  readonly grantedAt: Date
  readonly #keeper: GrantKeeper
  readonly #resource: string
  readonly #clock: LeaseClock
  readonly #listeners = new Set<() => void>()
  #renewal: NodeJS.Timeout | undefined
  #end: NodeJS.Timeout | undefined
  #state: 'held' | 'released' | 'lost' = 'held'

  constructor(keeper: GrantKeeper, facts: GrantFacts) {
    this.#keeper = keeper
    this.#resource = facts.resource
    this.id = facts.id
    this.token = facts.token
    this.grantedAt = facts.grantedAt
    this.#clock = new LeaseClock(facts.leaseMs, facts.sentAt)
    if (facts.leaseMs === 0) return
    this.#watchEnd()
    this.#renewLater(keeper.leaseMs / 3 - (currentInstant().monotonic - facts.sentAt.monotonic))
  }

  get remainingMs(): number {
    return this.#clock.remainingMs
  }

  isHeld(): boolean {
    return this.#state === 'held' && this.#clock.isRunning
  }

  onLost(listener: () => void): () => void {
    const own = (): void => {
      listener()
    }
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  async release(): Promise<void> {
    if (this.#state === 'released') return
    this.#finish('released')
    // Also a lost one: the hub keeps it for its owner until the lease ends, and the owner needs it no more.
    await this.#keeper.release(this.#resource, this.id)
  }

  /** The lock was taken away, or its lease or its connection has ended. */
  lose(): void {
    if (this.#state !== 'held') return
    const listeners = [...this.#listeners]
    this.#finish('lost')
    for (const listener of listeners) queueMicrotask(listener)
  }

  /** The first renewal, of a lock that was waited for. Resolves to false where it is lost. */
  async begin(): Promise<boolean> {
    const isHeld = await this.#renew()
    if (!isHeld) return false
    this.#watchEnd()
    this.#renewLater(this.#keeper.leaseMs / 3)
    return true
  }

  async #renew(): Promise<boolean> {
    const isFirst = !this.#clock.isRunning
    const sentAt = currentInstant()
    const leaseMs = await this.#keeper.renew(this.#resource, this.id)
    if (this.#state !== 'held') return false
    // A reply that comes after the end is no way back: another one may have had the lock since.
    if (leaseMs <= 0 || (!isFirst && !this.#clock.isRunning)) {
      this.lose()
      return false
    }
    this.#clock.renew(sentAt, leaseMs)
    if (this.#clock.isRunning) return true
    this.lose()
    return false
  }

  #renewLater(delayMs: number): void {
    this.#renewal = setTimeout(
      () => {
        if (!this.#clock.isRunning) {
          this.lose()
          return
        }
        const { leaseMs } = this.#keeper
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
    this.#keeper.forget(this)
  }
}
