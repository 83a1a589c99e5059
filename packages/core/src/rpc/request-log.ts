import { isObject } from '../base/validation/is-object.js'

/** How a request ended: answered by its handler, by its handler's failure, or before the handler ended. */
export type RequestOutcome = 'answered' | 'failed' | 'cancelled' | 'expired'

/** The log's view of a running request. */
export interface LoggedRequest {
  readonly method: string
  readonly client: { readonly id: number }
  /** Instant of `performance.now()`. */
  readonly startedAt: number
  readonly outcome: RequestOutcome
}

/** A server's answer to `$/requests`. Times are durations, since clocks differ. */
export interface RequestReport {
  /** Requests that have ended since the server started. */
  readonly ended: number
  /** Number of those that were not answered with their handler's result. */
  readonly failed: number
  readonly running: readonly {
    readonly method: string
    readonly client: number
    readonly forMs: number
  }[]
  /** The last requests that ended, oldest first. */
  readonly recent: readonly {
    /** Number of the ended request, counted from 1. */
    readonly number: number
    readonly method: string
    readonly client: number
    readonly endedMsAgo: number
    readonly durationMs: number
    readonly outcome: RequestOutcome
  }[]
}

interface EndedRequest {
  readonly method: string
  readonly client: number
  readonly endedAt: number
  readonly durationMs: number
  readonly outcome: RequestOutcome
}

/** Enough for one poll a second of a server under normal load, and a reply of about 20 KB. */
const KEPT = 128
const MAX_RUNNING = 128
const MAX_METHOD_LENGTH = 100

/**
 * Records a server's recent requests and their durations, for people who watch it. Stores method names and times only, never
 * parameters or results, which can hold secrets.
 */
export class RequestLog {
  readonly #running: () => readonly LoggedRequest[]
  readonly #ring: EndedRequest[] = []
  #ended = 0
  #failed = 0

  /** @param running returns the running requests, so that starting one needs no bookkeeping */
  constructor(running: () => readonly LoggedRequest[]) {
    this.#running = running
  }

  /** Adds a request whose handler has ended. */
  add({ method, client, startedAt, outcome }: LoggedRequest): void {
    const endedAt = performance.now()
    const durationMs = endedAt - startedAt
    this.#ring[this.#ended % KEPT] = {
      method: shortened(method),
      client: client.id,
      endedAt,
      durationMs,
      outcome,
    }
    this.#ended += 1
    if (outcome !== 'answered') this.#failed += 1
  }

  /** Describes the running requests and the ended ones, except for the first `after` of them. */
  report(params: unknown): RequestReport {
    const now = performance.now()
    const running = this.#running()
      .slice(0, MAX_RUNNING)
      .map(({ method, client, startedAt }) => ({
        method: shortened(method),
        client: client.id,
        forMs: rounded(now - startedAt),
      }))
    const recent = []
    const first = Math.max(this.#ended - KEPT, startOf(params))
    for (let index = first; index < this.#ended; index += 1) {
      const request = this.#ring[index % KEPT]
      if (request === undefined) continue
      const { endedAt, durationMs, ...rest } = request
      recent.push({
        number: index + 1,
        ...rest,
        endedMsAgo: rounded(now - endedAt),
        durationMs: rounded(durationMs),
      })
    }
    return { ended: this.#ended, failed: this.#failed, running, recent }
  }
}

function startOf(params: unknown): number {
  const after = isObject(params) ? params['after'] : undefined
  return Number.isSafeInteger(after) && (after as number) > 0 ? (after as number) : 0
}

/** A copy, since a slice would keep the whole of a hostile name in memory. */
function shortened(method: string): string {
  if (method.length <= MAX_METHOD_LENGTH) return method
  return `${Buffer.from(method.slice(0, MAX_METHOD_LENGTH)).toString()}…`
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
