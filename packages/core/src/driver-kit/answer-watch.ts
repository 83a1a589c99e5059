import { monotonicMs } from '../base/process/monotonic-time.js'
import { outlasts } from '../base/wait/outlasts.js'

/** What to do with a silent connection. */
export interface SilentConnection {
  /** Stops making new calls on it. Can be called more than once. */
  leave(): void
  /** Ends it: no call is pending on it. */
  end(): void
}

/**
 * Watches whether an engine answers on one connection. If the connection has been silent since before a call that has timed out, it
 * hangs or the network is down; a new connection finds out sooner. Later calls keep their own time limits, since an engine that
 * recovers would still answer them. The connection ends with the last of them.
 */
export class AnswerWatch {
  readonly #connection: SilentConnection
  #heardAt = monotonicMs()
  #pending = 0
  #isLeft = false

  constructor(connection: SilentConnection) {
    this.#connection = connection
  }

  /** The engine has answered. */
  heard(): void {
    this.#heardAt = monotonicMs()
  }

  /**
   * Follows a call until it settles or its time is over.
   *
   * @returns a function to call when the caller gives up, before it continues: its next call must not use an abandoned connection
   */
  follow(call: Promise<unknown>, timeoutMs: number): () => void {
    const madeAt = monotonicMs()
    const leaveIfSilent = (): void => {
      if (this.#heardAt >= madeAt) return
      this.#isLeft = true
      this.#connection.leave()
    }
    this.#pending += 1
    void outlasts(call, timeoutMs).then((isLate) => {
      this.#pending -= 1
      if (isLate) leaveIfSilent()
      if (this.#isLeft && this.#pending === 0) this.#connection.end()
    })
    return leaveIfSilent
  }
}
