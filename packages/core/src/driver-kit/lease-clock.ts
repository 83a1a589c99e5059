import { monotonicMs } from '../base/process/monotonic-time.js'

/** An instant on both clocks. */
export interface Instant {
  /** `monotonicMs()`. */
  readonly monotonic: number
  /** `Date.now()`. */
  readonly wall: number
}

/** Of a lease this part is given away, for clocks that do not run equally fast. */
const DRIFT = 0.02
const MARGIN_MS = 5

/** The present, on both clocks. */
export function currentInstant(): Instant {
  return { monotonic: monotonicMs(), wall: Date.now() }
}

/**
 * When a lease ends at the latest, as its owner sees it: counted from the moment the request was sent, which is before the
 * engine began to count.
 */
export class LeaseClock {
  #leaseMs: number
  #from: Instant

  constructor(leaseMs: number, sentAt: Instant) {
    this.#leaseMs = leaseMs
    this.#from = sentAt
  }

  /**
   * Begins anew with a request that was granted. Requests may be answered out of order.
   *
   * @param leaseMs @default as long as before
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
   * The monotonic clock stands still while the machine is suspended, the engine's does not: then the wall clock shows that
   * time has passed.
   */
  get isRunning(): boolean {
    return this.remainingMs > 0 && Date.now() - this.#from.wall < this.#leaseMs
  }
}
