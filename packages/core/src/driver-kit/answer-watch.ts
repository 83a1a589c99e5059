import { monotonicMs } from '../base/process/monotonic-time.js'
import { outlasts } from '../base/wait/outlasts.js'

/** What becomes of a connection that is silent. */
export interface SilentConnection {
  /** No call is to be made on it any more. May be called more than once. */
  leave(): void
  /** Ends it: nobody waits for anything on it. */
  end(): void
}

/**
 * Watches whether an engine answers on one connection. One that has been silent since before a call whose time is over hangs, or nothing
 * passes: a new connection knows sooner. Calls that were made since have their own time, as an engine that goes on right
 * then answers them as well, so it is ended with the last of them.
 */
export class AnswerWatch {
  readonly #connection: SilentConnection
  #heardAt = monotonicMs()
  #underWay = 0
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
   * @returns to be called where its caller gives up, before the caller goes on: its next call must not be made on a connection that is left
   */
  follow(call: Promise<unknown>, timeoutMs: number): () => void {
    const madeAt = monotonicMs()
    const leaveIfSilent = (): void => {
      if (this.#heardAt >= madeAt) return
      this.#isLeft = true
      this.#connection.leave()
    }
    this.#underWay += 1
    void outlasts(call, timeoutMs).then((isLate) => {
      this.#underWay -= 1
      if (isLate) leaveIfSilent()
      if (this.#isLeft && this.#underWay === 0) this.#connection.end()
    })
    return leaveIfSilent
  }
}
