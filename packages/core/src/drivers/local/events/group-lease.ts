import { ownProcess } from '../../../base/process/own-process.js'
import type { LockDriver, LockGrant, LockRequest } from '../../driver.js'

let grants = 0

/** The right to be a group's active reader: held by one process at a time, and taken over when that process ends. */
export class GroupLease {
  readonly #locks: LockDriver
  readonly #resource: string
  #grant: LockGrant | undefined

  constructor(locks: LockDriver, group: string) {
    this.#locks = locks
    this.#resource = `group:${group}`
  }

  /** False even if the lease was taken away by force. */
  get isHeld(): boolean {
    return this.#grant?.isHeld() ?? false
  }

  /** Takes the lease without waiting; returns false if another reader has it. */
  tryAcquire(): boolean {
    this.#grant = this.#locks.tryAcquireSync?.(this.#request()) ?? undefined
    return this.#grant !== undefined
  }

  /** Waits until the lease is free. Rejects with the signal's reason once aborted. */
  async acquire(signal: AbortSignal): Promise<void> {
    const grant = await this.#locks.acquire(this.#request(), { signal, onWait: () => undefined })
    if (!signal.aborted) {
      this.#grant = grant
      return
    }
    void grant.release()
    throw signal.reason
  }

  /** Lets the next reader take over, even from an exit handler. */
  release(): void {
    const grant = this.#grant
    this.#grant = undefined
    if (grant?.releaseSync !== undefined) grant.releaseSync()
    else void grant?.release()
  }

  #request(): LockRequest {
    grants += 1
    const id = `${ownProcess().instance}-group-${grants}`
    return { resource: this.#resource, mode: 'exclusive', id, held: [] }
  }
}
