import { monotonicMs } from '../base/process/monotonic-time.js'

/** An instant on both clocks. */
export interface Instant {
  /** `monotonicMs()`. */
  readonly monotonic: number
  /** `Date.now()`. */
  readonly wall: number
}

/** The safety margin of a lease, for clocks that run at different speeds. */
const DRIFT = 0.02
const MARGIN_MS = 5

/** Returns the current instant on both clocks. */
export function currentInstant(): Instant {
  return { monotonic: monotonicMs(), wall: Date.now() }
}

/**
 * The latest end of a lease, as its owner sees it: counted from when the request was sent, before the engine started to count.
 */
export class LeaseClock {
  #leaseMs: number
  #from: Instant

  constructor(leaseMs: number, sentAt: Instant) {
    this.#leaseMs = leaseMs
    this.#from = sentAt
  }

  /**
   * Restarts with a granted request. Replies can arrive out of order.
   *
   * @param leaseMs @default the same length as before
   */
  renew(sentAt: Instant, leaseMs: number = this.#leaseMs): void {
    if (sentAt.monotonic <= this.#from.monotonic) return
    this.#from = sentAt
    this.#leaseMs = leaseMs
  }

  /** Milliseconds until the lease ends. */
  get remainingMs(): number {
    const usable = this.#leaseMs * (1 - DRIFT) - MARGIN_MS
    return this.#from.monotonic + usable - monotonicMs()
  }

  /**
   * True until the lease ends. While the machine is suspended, the monotonic clock stands still but the engine's does not, so the wall
   * clock is checked, too.
   */
  get isRunning(): boolean {
    return this.remainingMs > 0 && Date.now() - this.#from.wall < this.#leaseMs
  }
}
