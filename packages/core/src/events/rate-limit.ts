/** How many events of one type a process may emit. */
export interface RateLimit {
  /** Sustained number of events per `perMs` milliseconds. */
  readonly max: number
  /** Milliseconds. */
  readonly perMs: number
  /**
   * Number of events allowed in one burst after a quiet period: enough for a loop that announces its results, not for a flood.
   * @default `max`
   */
  readonly burst?: number | undefined
  /**
   * What happens to an event above the limit: `reject` fails with `RATE_LIMITED`. `drop` resolves to an envelope with an empty cursor
   * and stores nothing. `queue` stores the event as soon as the limit allows, in order; with 1,000 events waiting, the next one is
   * rejected.
   * @default 'reject'
   */
  readonly onLimit?: 'reject' | 'drop' | 'queue' | undefined
}

/** A limit with every default filled in. */
export interface ResolvedRateLimit extends Required<RateLimit> {
  readonly burst: number
  readonly onLimit: 'reject' | 'drop' | 'queue'
  /** Where the limit was set, for the error: an option, an environment variable or the default. */
  readonly setBy: string
}

/** Ten a second per type and process, with a minute's worth as the burst. */
export const DEFAULT_RATE_LIMIT: ResolvedRateLimit = {
  max: 10,
  perMs: 1000,
  burst: 600,
  onLimit: 'reject',
  setBy: 'by default',
}

/** Above this many types, full buckets are discarded. */
const MAX_IDLE_BUCKETS = 1000

interface Bucket {
  tokens: number
  /** When `tokens` was last updated, on the monotonic clock, in milliseconds. */
  at: number
}

/** Token buckets, one per event type. */
export class RateLimiter {
  readonly #max: number
  readonly #burst: number
  readonly #perMs: number
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  /** @param now a monotonic clock, in milliseconds */
  constructor(
    limit: Pick<RateLimit, 'max' | 'perMs' | 'burst'>,
    now: () => number = () => performance.now(),
  ) {
    this.#max = limit.max
    this.#burst = limit.burst ?? limit.max
    this.#perMs = limit.perMs
    this.#now = now
  }

  /** Takes one token from the bucket of this type. Returns 0, or the milliseconds until one is available. */
  take(type: string): number {
    const now = this.#now()
    const bucket = this.#bucketAt(type, now)
    if (bucket.tokens > 1 - 1e-9) {
      bucket.tokens = Math.max(0, bucket.tokens - 1)
      return 0
    }
    const waitMs = ((1 - bucket.tokens) * this.#perMs) / this.#max
    // Fractions of a token are not exact, and must not cost a whole millisecond.
    return Math.max(1, Math.ceil(waitMs - 1e-6))
  }

  #bucketAt(type: string, now: number): Bucket {
    let bucket = this.#buckets.get(type)
    if (bucket === undefined) {
      this.#forgetFull(now)
      bucket = { tokens: this.#burst, at: now }
      this.#buckets.set(type, bucket)
      return bucket
    }
    bucket.tokens = this.#tokensAt(bucket, now)
    bucket.at = now
    return bucket
  }

  #tokensAt(bucket: Bucket, now: number): number {
    return Math.min(this.#burst, bucket.tokens + ((now - bucket.at) * this.#max) / this.#perMs)
  }

  #forgetFull(now: number): void {
    if (this.#buckets.size < MAX_IDLE_BUCKETS) return
    for (const [type, bucket] of this.#buckets) {
      if (this.#tokensAt(bucket, now) >= this.#burst) this.#buckets.delete(type)
    }
  }
}
