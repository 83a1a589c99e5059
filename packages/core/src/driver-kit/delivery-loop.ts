import { inNextTurn } from '../base/wait/next-turn.js'

/** Default number of messages delivered between two polls of the event loop. */
const SHARE = 128

/** The source of a {@link DeliveryLoop}'s messages. */
export interface DeliverySource {
  /** Delivers the next received message. Returns how many it counts for, `0` if there is none. */
  deliverNext(): number
  /** Everything received is delivered; the source can read more. */
  readOn(): void
  /** The source should stop reading: more would only pile up. */
  holdBack(): void
}

/**
 * Delivers the received messages of one connection, a share between two polls of the event loop. A peer that floods messages delays
 * every other connection by one share only, and is not read meanwhile.
 */
export class DeliveryLoop {
  readonly #source: DeliverySource
  readonly #share: number
  #paused = false
  #isRunning = false
  #isScheduled = false

  /** @param share number of messages delivered between two polls of the event loop */
  constructor(source: DeliverySource, share = SHARE) {
    this.#source = source
    this.#share = share
  }

  /** True if no delivery is scheduled and the loop is not paused. */
  get isIdle(): boolean {
    return !this.#isScheduled && !this.#paused
  }

  pause(): void {
    this.#paused = true
    this.#source.holdBack()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.run()
  }

  /** Delivers immediately, up to one share. */
  run(): void {
    // A receiver can resume from within a delivery; the running loop continues anyway.
    if (this.#isRunning || !this.isIdle) return
    this.#isRunning = true
    let left = this.#share
    try {
      while (left > 0 && !this.#paused) {
        const count = this.#source.deliverNext()
        if (count === 0) break
        left -= count
      }
    } finally {
      this.#isRunning = false
    }
    if (left <= 0) this.runLater()
    else if (!this.#paused) this.#source.readOn()
  }

  /** Delivers after the other connections had their turn. */
  runLater(): void {
    if (this.#isScheduled) return
    this.#source.holdBack()
    this.#isScheduled = true
    inNextTurn(() => {
      this.#isScheduled = false
      this.run()
    })
  }
}
