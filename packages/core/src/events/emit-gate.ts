import { CliOpsError } from '../errors/cli-ops-error.js'
import type { Cursor } from './event-types.js'
import { RateLimiter, type RateLimit } from './rate-limit.js'

const MAX_QUEUED = 1000

/** Stores the event at the gate; its position, later. */
type Publish = () => Promise<Cursor>

/** What an event that was dropped has instead of a position. */
const NOWHERE = '' as Cursor

/** An emit that waits for the limit to allow it. */
interface Waiting {
  readonly admit: () => void
}

/** Limiters of this process: the limit is one for each type and process, however many buses there are. */
const limiters = new Map<string, RateLimiter>()

/** Applies the rate limit to emits: one place for every driver. */
export class EmitGate {
  readonly #limit: Required<RateLimit> | false
  readonly #limiter: RateLimiter | undefined
  /** By event type, in order. */
  readonly #queues = new Map<string, Waiting[]>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #queued = 0

  /** @param isolated whether the limit counts this gate's emits only, not those of the whole process */
  constructor(limit: Required<RateLimit> | false, isolated: boolean) {
    this.#limit = limit
    if (limit !== false) this.#limiter = isolated ? new RateLimiter(limit) : sharedLimiter(limit)
  }

  /**
   * Publishes an event, drops it, or under `queue` publishes it when its turn has come.
   *
   * @throws CliOpsError `RATE_LIMITED` with `details.retryAfterMs`
   */
  enter(type: string, publish: Publish, signal?: AbortSignal): Promise<Cursor> {
    const limit = this.#limit
    if (limit === false || this.#limiter === undefined) return publish()
    const mustQueue = limit.onLimit === 'queue' && this.#queues.has(type)
    const retryAfterMs = mustQueue ? 0 : this.#limiter.take(type)
    if (mustQueue || (retryAfterMs > 0 && limit.onLimit === 'queue'))
      return this.#wait(type, limit, { publish, retryAfterMs, signal })
    if (retryAfterMs === 0) return publish()
    if (limit.onLimit === 'drop') return Promise.resolve(NOWHERE)
    throw rateLimited(type, limit, retryAfterMs)
  }

  /** As `enter`, for a caller that cannot wait: what would be queued is rejected. */
  enterSync(type: string, publish: () => Cursor): Cursor {
    const limit = this.#limit
    if (limit === false || this.#limiter === undefined) return publish()
    const retryAfterMs = this.#queues.has(type) ? limit.perMs : this.#limiter.take(type)
    if (retryAfterMs === 0) return publish()
    if (limit.onLimit === 'drop') return NOWHERE
    throw rateLimited(type, limit, retryAfterMs)
  }

  /** Lets everything that waits pass at once: the process or the bus ends, and what was accepted is not lost. */
  release(): void {
    const queues = [...this.#queues.values()]
    this.#queues.clear()
    this.#queued = 0
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    for (const queue of queues) for (const { admit } of queue.splice(0)) admit()
  }

  #wait(
    type: string,
    limit: RateLimit,
    entry: { publish: Publish; retryAfterMs: number; signal: AbortSignal | undefined },
  ): Promise<Cursor> {
    const { publish, retryAfterMs, signal } = entry
    if (this.#queued >= MAX_QUEUED)
      throw rateLimited(type, limit, (limit.perMs * MAX_QUEUED) / limit.max)
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#leave(type, waiting)
        reject(signal?.reason as Error)
      }
      const waiting: Waiting = {
        admit: () => {
          signal?.removeEventListener('abort', abort)
          // Published here and now, not in a later microtask: an exit handler may be what lets it pass.
          resolve(publish())
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#queued += 1
      const queue = this.#queues.get(type)
      if (queue !== undefined) {
        queue.push(waiting)
        return
      }
      this.#queues.set(type, [waiting])
      this.#schedule(type, retryAfterMs)
    })
  }

  #schedule(type: string, afterMs: number): void {
    // The timer keeps the process alive: an accepted event is stored before the process ends by itself.
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#admitNext(type)
    }, afterMs)
    this.#timers.add(timer)
  }

  #admitNext(type: string): void {
    const queue = this.#queues.get(type)
    if (queue === undefined) return
    let retryAfterMs = 0
    while (queue.length > 0) {
      retryAfterMs = this.#limiter?.take(type) ?? 0
      if (retryAfterMs > 0) break
      this.#queued -= 1
      queue.shift()?.admit()
    }
    if (queue.length === 0) this.#queues.delete(type)
    else this.#schedule(type, retryAfterMs)
  }

  #leave(type: string, waiting: Waiting): void {
    const queue = this.#queues.get(type)
    const index = queue?.indexOf(waiting) ?? -1
    if (queue === undefined || index < 0) return
    queue.splice(index, 1)
    this.#queued -= 1
  }
}

function sharedLimiter(limit: RateLimit): RateLimiter {
  const key = `${limit.max}/${limit.perMs}`
  const known = limiters.get(key)
  if (known !== undefined) return known
  const limiter = new RateLimiter(limit)
  limiters.set(key, limiter)
  return limiter
}

function rateLimited(type: string, limit: RateLimit, retryAfterMs: number): CliOpsError {
  return new CliOpsError(
    'RATE_LIMITED',
    `more than ${limit.max} events ${JSON.stringify(type)} in ${limit.perMs} ms; the next one is possible in ${retryAfterMs} ms`,
    { details: { type, max: limit.max, perMs: limit.perMs, retryAfterMs } },
  )
}
