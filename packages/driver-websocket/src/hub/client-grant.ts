import type { LockGrant } from '@cli-ops/shared-ipc/driver'

import type { Client } from './operation.js'

/** Why a hub holds a lock no longer: `abandoned` is held still, and another hub may go on with it. */
export type GrantEnd = 'released' | 'expired' | 'lost' | 'abandoned'

/** A lock that the hub holds for a client, as long as the client renews its lease; and no longer than one lease without. */
export class ClientGrant {
  readonly resource: string
  readonly grant: LockGrant
  readonly #leaseMs: number
  readonly #onEnd: (how: GrantEnd) => void
  /** Resolves when it is no longer held for anybody. */
  readonly ended: Promise<void>
  #resolveEnded: () => void = () => undefined
  readonly #stopWatching: () => void
  #client: Client | undefined
  #expiry: NodeJS.Timeout | undefined
  #ended = false

  /** @param onEnd called once, when it is no longer held for anybody here */
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

  /** The session that may renew it; undefined once that has ended. */
  get client(): Client | undefined {
    return this.#client
  }

  /** What the client may count on from now on, in milliseconds. */
  get usableMs(): number {
    if (this.#ended || !this.grant.isHeld()) return 0
    const { remainingMs = Infinity } = this.grant
    return Math.max(0, Math.floor(Math.min(this.#leaseMs, remainingMs)))
  }

  /** Begins a lease anew. @returns what is given, `0` where it is lost */
  renew(): number {
    if (this.#ended) return 0
    this.#expireLater()
    return this.usableMs
  }

  /** The session has ended; nobody can renew it any more. */
  orphan(): void {
    this.#client = undefined
  }

  /** The hub ends, and another one may go on with it: it is neither kept nor given back. */
  abandon(): void {
    if (this.#ended) return
    this.grant.abandon?.()
    this.#end('abandoned')
  }

  async release(): Promise<void> {
    await this.#giveBack('released')
  }

  /** Taken away by force, or by the store. */
  lose(): void {
    if (this.#ended) return
    this.#client?.notify('locks.lost', { id: this.grant.id })
    this.#end('lost')
  }

  #expireLater(): void {
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => {
      this.#client?.notify('locks.lost', { id: this.grant.id })
      // A store that cannot be reached lets it end by itself.
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
