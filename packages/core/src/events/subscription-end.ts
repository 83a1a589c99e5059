import { EXIT_UNAVAILABLE } from '../base/errors/exit-codes.js'
import { inNextTurn } from '../base/wait/next-turn.js'

/** The end of a subscription, behind its `closed`. */
export class SubscriptionEnd {
  /** Like `closed`, for the bus: never rejects, and reading it does not count as handling the error. */
  readonly settled: Promise<void>
  readonly #end: Promise<void>
  readonly #isConsumer: boolean
  #resolve!: () => void
  #reject!: (error: unknown) => void
  #taken = false

  /** @param isConsumer whether the caller relies on its events being handled, as with a group */
  constructor(isConsumer: boolean) {
    this.#isConsumer = isConsumer
    this.#end = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.settled = this.#end.catch(() => undefined)
  }

  /** A new promise for each caller, who must then handle its rejection. */
  get closed(): Promise<void> {
    this.#taken = true
    return this.#end.then()
  }

  /** The subscription was ended, and its last handler has finished. */
  resolve(): void {
    this.#resolve()
  }

  /** The subscription failed. A consumer's process then reports it by its exit code, unless a caller handles the error. */
  reject(error: unknown): void {
    this.#reject(error)
    if (!this.#isConsumer) return
    // A caller that has just learnt that `ready` failed might read `closed` next.
    inNextTurn(() => {
      if (!this.#taken) process.exitCode ??= EXIT_UNAVAILABLE
    })
  }
}
