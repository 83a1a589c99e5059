import { inNextTurn } from '../base/wait/next-turn.js'

/** What is delivered between two polls of the event loop, where nothing else is said. */
const SHARE = 128

/** Where a {@link DeliveryLoop} takes messages from. */
export interface DeliverySource {
  /** Delivers the next message that has come. Returns how many it counts for, `0` where there is none. */
  deliverNext(): number
  /** What has come is delivered, and more is welcome. */
  readOn(): void
  /** More than has come would only pile up. */
  holdBack(): void
}

/**
 * Delivers what has come on one connection, a share between two polls of the event loop. A peer that pours out messages keeps every other
 * connection waiting for one share, and is not read meanwhile.
 */
export class DeliveryLoop {
  readonly #source: DeliverySource
  readonly #share: number
  #paused = false
  #isRunning = false
  #isScheduled = false

  /** @param share messages that are delivered between two polls of the event loop */
  constructor(source: DeliverySource, share = SHARE) {
    this.#source = source
    this.#share = share
  }

  /** Nothing waits for a later turn, and nothing was told to wait. */
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

  /** Delivers at once, as far as the share goes. */
  run(): void {
    // A receiver may resume from within a delivery; the loop that is running goes on by itself.
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

  /** Delivers once the other connections were looked at. */
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
