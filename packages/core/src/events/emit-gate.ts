import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { type Clock, type ClockTimer, systemClock } from '../base/wait/clock.js'
import type { Cursor } from './contract/event-types.js'
import { RateLimiter, type ResolvedRateLimit } from './rate-limit.js'
import { onAbort } from '../base/wait/abort-signal.js'

const MAX_QUEUED = 1000

/** Stores the event at the gate and resolves to its position. */
type Publish = () => Promise<Cursor>

/** The cursor of a dropped event. */
const NOWHERE = '' as Cursor

/** An emit that waits for the limit to allow it. */
interface Waiting {
  readonly admit: () => void
}

/** This process's limiters: one limit per log, type and process, shared by all buses. */
const limiters = new Map<string, RateLimiter>()

/** Applies the rate limit to emits, the same way for every driver. */
export class EmitGate {
  /** `undefined` without a limit. */
  readonly #limited:
    { readonly limit: ResolvedRateLimit; readonly limiter: RateLimiter } | undefined
  /** By event type, in order. */
  readonly #queues = new Map<string, Waiting[]>()
  readonly #timers = new Set<ClockTimer>()
  readonly #clock: Clock
  #queued = 0

  /** @param log the key of the log; undefined if only this bus writes to it */
  constructor(
    limit: ResolvedRateLimit | false,
    log: string | undefined,
    clock: Clock = systemClock,
  ) {
    this.#clock = clock
    if (limit === false) return
    const now = (): number => clock.monotonicMs()
    const limiter = log === undefined ? new RateLimiter(limit, now) : sharedLimiter(limit, log, now)
    this.#limited = { limit, limiter }
  }

  /**
   * Publishes an event, drops it or, under `queue`, publishes it when its turn comes.
   *
   * @throws CliOpsError `RATE_LIMITED` with `details.retryAfterMs`
   */
  enter(type: string, publish: Publish, signal?: AbortSignal): Promise<Cursor> {
    if (this.#limited === undefined) return publish()
    const { limit, limiter } = this.#limited
    const queue = limit.onLimit === 'queue' ? this.#queues.get(type) : undefined
    const retryAfterMs = queue === undefined ? limiter.take(type) : 0
    if (queue !== undefined || (retryAfterMs > 0 && limit.onLimit === 'queue'))
      return this.#wait(type, this.#limited, queue, { publish, retryAfterMs, signal })
    if (retryAfterMs === 0) return publish()
    if (limit.onLimit === 'drop') return Promise.resolve(NOWHERE)
    throw rateLimited(type, limit, retryAfterMs)
  }

  /** Like `enter`, for a caller that cannot wait: rejects events that would be queued. */
  enterSync(type: string, publish: () => Cursor): Cursor {
    if (this.#limited === undefined) return publish()
    const { limit, limiter } = this.#limited
    const retryAfterMs = this.#queues.has(type) ? limit.perMs : limiter.take(type)
    if (retryAfterMs === 0) return publish()
    if (limit.onLimit === 'drop') return NOWHERE
    throw rateLimited(type, limit, retryAfterMs)
  }

  /** Publishes all waiting events immediately: the process or the bus ends, and accepted events must not be lost. */
  release(): void {
    const queues = [...this.#queues.values()]
    this.#queues.clear()
    this.#queued = 0
    for (const timer of this.#timers) timer.stop()
    this.#timers.clear()
    for (const queue of queues) for (const { admit } of queue.splice(0)) admit()
  }

  /** Joins the end of the type's queue, or starts one. */
  #wait(
    type: string,
    { limit, limiter }: { readonly limit: ResolvedRateLimit; readonly limiter: RateLimiter },
    queue: Waiting[] | undefined,
    entry: { publish: Publish; retryAfterMs: number; signal: AbortSignal | undefined },
  ): Promise<Cursor> {
    const { publish, retryAfterMs, signal } = entry
    if (this.#queued >= MAX_QUEUED)
      throw rateLimited(type, limit, (limit.perMs * MAX_QUEUED) / limit.max)
    const own = queue ?? []
    const published = new Promise<Cursor>((resolve, reject) => {
      const waiting: Waiting = {
        admit: () => {
          stopListening()
          // Published synchronously, not in a later microtask: the caller can be an exit handler.
          resolve(publish())
        },
      }
      this.#queued += 1
      own.push(waiting)
      const stopListening = onAbort(signal, () => {
        own.splice(own.indexOf(waiting), 1)
        this.#queued -= 1
        reject(signal?.reason as Error)
      })
    })
    if (queue === undefined) {
      this.#queues.set(type, own)
      this.#schedule(type, own, limiter, retryAfterMs)
    }
    return published
  }

  #schedule(type: string, queue: Waiting[], limiter: RateLimiter, afterMs: number): void {
    // The timer keeps the process alive, so accepted events are stored before it exits normally.
    const timer = this.#clock.startTimer(afterMs, () => {
      this.#timers.delete(timer)
      this.#admitNext(type, queue, limiter)
    })
    this.#timers.add(timer)
  }

  #admitNext(type: string, queue: Waiting[], limiter: RateLimiter): void {
    let retryAfterMs = 0
    while (queue.length > 0) {
      retryAfterMs = limiter.take(type)
      if (retryAfterMs > 0) break
      this.#queued -= 1
      queue.shift()?.admit()
    }
    if (queue.length === 0) this.#queues.delete(type)
    else this.#schedule(type, queue, limiter, retryAfterMs)
  }
}

function sharedLimiter(limit: ResolvedRateLimit, log: string, now: () => number): RateLimiter {
  const key = `${log} ${limit.max}/${limit.perMs}/${limit.burst}`
  const known = limiters.get(key)
  if (known !== undefined) return known
  const limiter = new RateLimiter(limit, now)
  limiters.set(key, limiter)
  return limiter
}

function rateLimited(type: string, limit: ResolvedRateLimit, retryAfterMs: number): CliOpsError {
  const { max, perMs, burst, setBy } = limit
  return new CliOpsError(
    'RATE_LIMITED',
    `more than ${max} events ${JSON.stringify(type)} in ${perMs} ms after a burst of ${burst}, the limit set ${setBy}; try again in ${retryAfterMs} ms, or set another limit with rateLimit or CLI_OPS_RATE_LIMIT`,
    { details: { type, max, perMs, burst, setBy, retryAfterMs } },
  )
}
