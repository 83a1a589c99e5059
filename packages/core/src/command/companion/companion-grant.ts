import type { LockGrant } from '../../locks/contract/lock-driver.js'
import type { CompanionMessage, SharedInstant } from './messages.js'
import { hasPassed, sharedInstant } from './shared-instant.js'
import { afterThis } from '../../base/wait/next-turn.js'
import { MAX_TIMER_MS } from '../../base/wait/timer-limit.js'
import { clearTimeout, setTimeout } from '../../base/wait/own-timers.js'

/** What a grant needs from its companion. */
export interface GrantKeeper {
  /** Reads the messages that have arrived. */
  readArrived(): void
  /** Asks the companion to release the lock. */
  release(id: string): void
}

/** A lock that a companion holds for this process. It ends with the companion, which renews it. */
export class CompanionGrant implements LockGrant {
  readonly id: string
  readonly slot: string | undefined
  readonly token: bigint
  readonly grantedAt: Date
  readonly resource: string
  readonly #keeper: GrantKeeper
  readonly #listeners = new Set<() => void>()
  #endsAt: SharedInstant
  #isOver = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    {
      resource,
      id,
      slot,
      token,
      grantedAt,
      endsAt,
    }: Extract<CompanionMessage, { kind: 'granted' }>,
    keeper: GrantKeeper,
  ) {
    this.resource = resource
    this.id = id
    this.slot = slot
    this.token = token
    this.grantedAt = grantedAt
    this.#endsAt = endsAt
    this.#keeper = keeper
  }

  get remainingMs(): number {
    return Math.max(0, this.#endsAt.monotonic - sharedInstant().monotonic)
  }

  isHeld(): boolean {
    // A process in synchronous code has read no messages meanwhile.
    this.#keeper.readArrived()
    return !this.#isOver && !hasPassed(this.#endsAt)
  }

  onLost(listener: () => void): () => void {
    const own = (): void => {
      listener()
    }
    this.#listeners.add(own)
    this.#watchEnd()
    return () => {
      this.#listeners.delete(own)
      if (this.#listeners.size === 0) clearTimeout(this.#timer)
    }
  }

  /** The lock is free once the companion has read this, soon after the call returns. */
  releaseSync(): void {
    this.#finish()
    this.#keeper.release(this.id)
  }

  release(): void {
    this.releaseSync()
  }

  renew(endsAt: SharedInstant): void {
    this.#endsAt = endsAt
  }

  lose(): void {
    const listeners = this.#isOver ? [] : [...this.#listeners]
    this.#finish()
    for (const listener of listeners) afterThis(listener)
  }

  #finish(): void {
    this.#isOver = true
    this.#listeners.clear()
    clearTimeout(this.#timer)
  }

  /** Also works if the companion is stopped and sends nothing. */
  #watchEnd(): void {
    clearTimeout(this.#timer)
    const { remainingMs } = this
    if (this.#isOver || remainingMs > MAX_TIMER_MS) return
    this.#timer = setTimeout(
      () => {
        if (this.isHeld()) this.#watchEnd()
        else this.lose()
      },
      Math.ceil(remainingMs) + 1,
    ).unref()
  }
}
