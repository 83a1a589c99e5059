import { errorText } from '../base/errors/error-text.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { parseJson } from '../base/validation/parse-json.js'
import { countAttempt } from './count-attempt.js'
import type { EventFeed } from './event-feed.js'
import type { EventFilter } from './event-filter.js'
import { callHandler, type ErrorReporter, type EventHandler } from './event-handler.js'
import type { SubscribeOptions } from './event-options.js'
import { isoNow } from './contract/event-time.js'
import type { EventEnvelope } from './contract/event-types.js'
import { runAsHandler } from './handler-flow.js'
import { parkEvent } from './park-event.js'
import type { Clock } from '../base/wait/clock.js'
import { pause } from '../base/wait/pause.js'
import { withinTime } from '../base/wait/race.js'

export const DEFAULT_MAX_ATTEMPTS = 5
const DEFAULT_RETRY_DELAYS_MS: readonly number[] = [100, 1000, 5000, 10_000]

/** Limits the error stored with a parked event: some errors contain whole documents. */
const MAX_ERROR_LENGTH = 4096

/** What happened to an event. */
export interface Outcome {
  /** `left` if another reader or the next start handles it. */
  readonly end: 'handled' | 'parked' | 'left'
  /** The handler still runs, so another process should take over the group. */
  readonly isOverdue: boolean
}

/** The dependencies of {@link EventAttempts}. */
export interface EventAttemptsParts {
  readonly group: string
  readonly handler: EventHandler
  readonly filter: EventFilter
  readonly options: SubscribeOptions
  readonly clock: Clock
  readonly report: ErrorReporter
  /** The subscription that the handler's flow belongs to. */
  readonly owner: object
}

/** A failed attempt. */
interface Failure {
  readonly error: unknown
  /** A retry would not help. */
  readonly isFinal?: boolean
  readonly isOverdue?: boolean
}

const LEFT: Outcome = { end: 'left', isOverdue: false }

/** The last attempt was counted, but the process died before it ended. */
const CUT_OFF: Failure = {
  error: new Error('the process ended during the last attempt'),
  isFinal: true,
}

/** Calls a group's handler with an event until it is handled, or parked after the last attempt. */
export class EventAttempts {
  readonly #parts: EventAttemptsParts
  readonly #maxAttempts: number
  readonly #delaysMs: readonly number[]

  constructor(parts: EventAttemptsParts) {
    this.#parts = parts
    const { maxAttempts = DEFAULT_MAX_ATTEMPTS, retryDelaysMs = DEFAULT_RETRY_DELAYS_MS } =
      parts.options
    this.#maxAttempts = maxAttempts
    this.#delaysMs = retryDelaysMs
  }

  /** Rejects only if an event cannot be parked on this engine, which ends the subscription. */
  async run(event: EventEnvelope, feed: EventFeed, ending: AbortSignal): Promise<Outcome> {
    const copy = copierOf(event)
    for (let counted = 1; ; counted += 1) {
      const attempt = await countAttempt(feed, this.#parts.group, event.cursor, counted)
      if (attempt === undefined) return LEFT
      const failure = attempt > this.#maxAttempts ? CUT_OFF : await this.#try(copy())
      if (failure === undefined) {
        feed.ledger?.finish(event.cursor)
        return { end: 'handled', isOverdue: false }
      }
      const { error, isFinal = false, isOverdue = false } = failure
      // Parking writes a warning of its own, so only an `onError` receives the error of an event that is parked immediately.
      if (!isFinal || this.#parts.options.onError !== undefined)
        this.#parts.report(error, copy(), Math.min(attempt, this.#maxAttempts))
      if (isFinal || attempt >= this.#maxAttempts) {
        const isParked = await this.#park(copy(), attempt, error, feed, ending)
        return isParked ? { end: 'parked', isOverdue } : { ...LEFT, isOverdue }
      }
      if (isOverdue) return { ...LEFT, isOverdue }
      await pause(this.delayMs(attempt), ending, { clock: this.#parts.clock })
      if (ending.aborted) return LEFT
    }
  }

  /** Returns how long to wait after this failed attempt, at most the handler's own time limit. */
  delayMs(attempt: number): number {
    const delayMs = this.#delaysMs[Math.min(attempt, this.#delaysMs.length) - 1] ?? 0
    return Math.min(delayMs, this.#parts.options.handlerTimeoutMs ?? Infinity)
  }

  async #try(event: EventEnvelope): Promise<Failure | undefined> {
    const { filter, handler, owner, options, clock } = this.#parts
    const { handlerTimeoutMs } = options
    try {
      const work = runAsHandler(owner, async (): Promise<Failure | undefined> => {
        const checked = filter.check(event)
        const judged = checked instanceof Promise ? await checked : checked
        if (judged.refusal !== undefined) return { error: judged.refusal, isFinal: true }
        await callHandler(handler, judged.event)
        return undefined
      })
      const result = await withinTime(work, handlerTimeoutMs, clock)
      if (result !== 'late') return result
      // Its result is no longer used.
      work.catch(() => undefined)
    } catch (error) {
      return { error }
    }
    const message = `the handler has not finished within ${handlerTimeoutMs} ms`
    const error = new CliOpsError('HANDLER_TIMEOUT', message, { details: { handlerTimeoutMs } })
    return { error, isOverdue: true }
  }

  #park(
    event: EventEnvelope,
    attempts: number,
    error: unknown,
    feed: EventFeed,
    ending: AbortSignal,
  ): Promise<boolean> {
    const parked = {
      event,
      attempts: Math.min(attempts, this.#maxAttempts),
      error: errorText(error).slice(0, MAX_ERROR_LENGTH),
      parkedAt: isoNow(this.#parts.clock.now()),
      retry: false,
    }
    return parkEvent(parked, this.#parts.group, feed, ending)
  }
}

/** Returns a function that copies an event as stored: a handler can modify its copy, and the event might be retried or parked. */
function copierOf(event: EventEnvelope): () => EventEnvelope {
  const { data } = event
  if (typeof data !== 'object' || data === null) return () => ({ ...event })
  const json = JSON.stringify(data)
  let first = true
  return () => {
    const own = first ? data : parseJson(json)
    first = false
    return { ...event, data: own }
  }
}
