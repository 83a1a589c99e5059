import { clearTimeout, type LockGrant, setTimeout } from '@cli-ops/shared-ipc/driver'

import type { Client } from './operation.js'

/** Why a hub no longer holds a lock. An `abandoned` one is still held, and another hub can take it over. */
export type GrantEnd = 'released' | 'expired' | 'lost' | 'abandoned'

/** A lock that the hub holds for a client while the client renews its lease, and for at most one lease without renewal. */
export class ClientGrant {
  readonly resource: string
  readonly grant: LockGrant
  readonly #leaseMs: number
  readonly #onEnd: (how: GrantEnd) => void
  /** Resolves when the hub no longer holds it. */
  readonly ended: Promise<void>
  #resolveEnded: () => void = () => undefined
  readonly #stopWatching: () => void
  #client: Client | undefined
  #expiry: NodeJS.Timeout | undefined
  #ended = false

  /** @param onEnd called once, when this hub no longer holds it */
  constructor(resource: string, grant: LockGrant, client: Client, onEnd: (how: GrantEnd) => void) {
    this.resource = resource
    this.grant = grant
    this.#client = client
    this.#leaseMs = client.leaseMs
    this.#onEnd = onEnd
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    this.#stopWatching = grant.onLost(() => {
      this.lose()
    })
    this.#expireLater()
  }

  /** The session that can renew it; undefined once that has ended. */
  get client(): Client | undefined {
    return this.#client
  }

  /** How long the client can rely on it from now on, in milliseconds. */
  get usableMs(): number {
    if (this.#ended || !this.grant.isHeld()) return 0
    const { remainingMs = Infinity } = this.grant
    return Math.max(0, Math.floor(Math.min(this.#leaseMs, remainingMs)))
  }

  /** Starts a new lease. @returns its length, `0` if the lock is lost */
  renew(): number {
    if (this.#ended) return 0
    this.#expireLater()
    return this.usableMs
  }

  /** The session has ended: the lease can no longer be renewed. */
  orphan(): void {
    this.#client = undefined
  }

  /** The hub is ending, and another one can take the lock over: stops keeping it without releasing it. */
  abandon(): void {
    if (this.#ended) return
    this.grant.abandon?.()
    this.#end('abandoned')
  }

  async release(): Promise<void> {
    await this.#giveBack('released')
  }

  /** Taken by force, or lost by the store. */
  lose(): void {
    if (this.#ended) return
    this.#client?.notify('locks.lost', { id: this.grant.id })
    this.#end('lost')
  }

  #expireLater(): void {
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => {
      this.#client?.notify('locks.lost', { id: this.grant.id })
      // If the store is unreachable, the lock ends with its lease.
      this.#giveBack('expired').catch(() => undefined)
    }, this.#leaseMs)
    this.#expiry.unref()
  }

  async #giveBack(how: 'released' | 'expired'): Promise<void> {
    if (this.#ended) return
    this.#end(how)
    await this.grant.release()
  }

  #end(how: GrantEnd): void {
    this.#ended = true
    clearTimeout(this.#expiry)
    this.#stopWatching()
    this.#onEnd(how)
    this.#resolveEnded()
  }
}
