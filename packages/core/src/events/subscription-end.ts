import { inNextTurn } from '../base/wait/next-turn.js'
/** EX_UNAVAILABLE: the engine or the home cannot be used. */
const EXIT_UNAVAILABLE = 69

/** How a subscription ends: what stands behind its `closed`. */
export class SubscriptionEnd {
  /** As `closed`, for the bus: it never rejects, and whoever looks at it takes no error. */
  readonly settled: Promise<void>
  readonly #end: Promise<void>
  readonly #isConsumer: boolean
  #resolve!: () => void
  #reject!: (error: unknown) => void
  #taken = false

  /** @param isConsumer whether somebody relies on its events being handled, as on a group's */
  constructor(isConsumer: boolean) {
    this.#isConsumer = isConsumer
    this.#end = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.settled = this.#end.catch(() => undefined)
  }

  /** A promise of the caller's own: its rejection is the caller's to handle, once there is a caller. */
  get closed(): Promise<void> {
    this.#taken = true
    return this.#end.then()
  }

  /** It was ended, and its last handler has finished. */
  resolve(): void {
    this.#resolve()
  }

  /** It ended by itself. A consumer's process then tells its supervisor, unless somebody has taken the error. */
  reject(error: unknown): void {
    this.#reject(error)
    if (!this.#isConsumer) return
    // Whoever has just been told that `ready` failed may look at `closed` next.
    inNextTurn(() => {
      if (!this.#taken) process.exitCode ??= EXIT_UNAVAILABLE
    })
  }
}
