import type { LockGrant } from '../../locks/contract/lock-driver.js'

/** Callbacks around a run's release of its lock. Neither throws. */
export interface RunEnd {
  before?(): void
  after?(): void
}

/** A run's lock, with callbacks around its release. */
export class RunGrant implements LockGrant {
  readonly #grant: LockGrant
  readonly #end: RunEnd
  readonly releaseSync?: () => void

  constructor(grant: LockGrant, end: RunEnd) {
    this.#grant = grant
    this.#end = end
    if (grant.releaseSync !== undefined) {
      this.releaseSync = () => {
        end.before?.()
        grant.releaseSync?.()
        end.after?.()
      }
    }
  }

  get id(): string {
    return this.#grant.id
  }

  get token(): bigint {
    return this.#grant.token
  }

  get grantedAt(): Date {
    return this.#grant.grantedAt
  }

  get remainingMs(): number {
    return this.#grant.remainingMs ?? Infinity
  }

  isHeld(): boolean {
    return this.#grant.isHeld()
  }

  onLost(listener: () => void): () => void {
    return this.#grant.onLost(listener)
  }

  async release(): Promise<void> {
    this.#end.before?.()
    await this.#grant.release()
    this.#end.after?.()
  }
}
