import { monotonicMs } from '../../base/process/monotonic-time.js'
import { closedLockInfo, onceOpen } from '../../locks/contract/closed-engine.js'
import type { LockInfo, LockOptions } from '../../locks/contract/lock-types.js'
import { lockTimeoutError } from '../../locks/lock-errors.js'
import { timeoutFromEnvironment, WaitLimit } from '../../locks/lock-wait.js'
import { tellWaiting } from '../../locks/tell-waiting.js'

/** What can end the wait of a run that joins or replaces, before it is in a queue. */
export class RunLimit {
  readonly #resource: string
  readonly #options: LockOptions
  readonly #timeoutMs: number
  readonly #wait: WaitLimit
  readonly #began = monotonicMs()
  #closed: LockInfo | null = null

  constructor(resource: string, options: LockOptions) {
    this.#resource = resource
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? timeoutFromEnvironment()
    this.#wait = new WaitLimit(this.#timeoutMs, [options.signal])
  }

  get signal(): AbortSignal {
    return this.#wait.signal
  }

  /** How much of the timeout is left for a queue. */
  get restMs(): number {
    if (this.#closed === null) return this.#timeoutMs
    return Math.max(0, this.#timeoutMs - (monotonicMs() - this.#began))
  }

  /** Repeats a try for as long as the engine grants nothing, and tells who waits; one try without a timeout. */
  onceOpen<T>(work: () => Promise<T>): Promise<T> {
    if (this.#timeoutMs === 0) return work()
    const { mode = 'exclusive', label, onWait } = this.#options
    return onceOpen(work, {
      signal: this.signal,
      onClosed: (forMs) => {
        this.#closed = closedLockInfo({ resource: this.#resource, mode, label }, forMs)
        if (this.#closed !== null)
          tellWaiting(onWait, this.#closed, (error) => {
            this.#wait.end(error)
          })
      },
    })
  }

  /** Returns the error to report: `LOCK_TIMEOUT` if the timeout ended the wait. */
  async reasonOf(error: unknown, inspect: () => Promise<LockInfo | null>): Promise<unknown> {
    if (!this.#wait.timedOut || error !== this.signal.reason) return error
    const info = await inspect()
    const known = info === null || info.id === '' ? (this.#closed ?? info) : info
    return lockTimeoutError(this.#resource, known, this.#timeoutMs)
  }

  dispose(): void {
    this.#wait.dispose()
  }
}
