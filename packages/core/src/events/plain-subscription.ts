import { nextTurn } from '../base/wait/next-turn.js'
import { callSafely } from '../base/errors/call-safely.js'
import { isPromiseLike } from '../base/wait/promise-like.js'
import { errorText } from '../base/errors/error-text.js'
import { say } from '../base/terminal/message.js'
import type { EventBatch } from './contract/event-driver.js'
import { describeGap } from './event-gap.js'
import { reportRefusal, type Checked } from './event-filter.js'
import {
  callHandler,
  createErrorReporter,
  type ErrorReporter,
  type EventHandler,
} from './event-handler.js'
import type { EventEnvelope } from './contract/event-types.js'
import { isWorthAnotherTry } from './read-failure.js'
import type { RunningSubscription, SubscriptionParts } from './running-subscription.js'
import { SubscriptionEnd } from './subscription-end.js'

/** Yield to the event loop after this many batches. */
const MAX_BATCHES = 4

/** A subscription without a group: handlers are called in the order of the log and not awaited. */
export class PlainSubscription implements RunningSubscription {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'Subscription'
  readonly pattern: string
  readonly group = undefined
  readonly handler: EventHandler
  readonly ready: Promise<void>
  readonly #parts: SubscriptionParts
  readonly #ending = new AbortController()
  readonly #end = new SubscriptionEnd(false)
  readonly #report: ErrorReporter
  /** Handlers that have returned a promise which is still pending. */
  #running = 0
  #ended: { readonly error: unknown } | undefined
  #draining = false
  /** The events that wait for an asynchronous schema, in order. */
  #checking: Promise<void> | undefined

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
    this.pattern = parts.pattern
    this.handler = parts.handler
    this.ready = parts.feed.ready
    this.#report = createErrorReporter(parts.pattern, parts.options.onError)
    void this.#run()
  }

  get closed(): Promise<void> {
    return this.#end.closed
  }

  get settled(): Promise<void> {
    return this.#end.settled
  }

  unsubscribe(): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    this.#parts.feed.close()
    this.#parts.onEnd(this)
    this.#settle()
  }

  abandon(): void {
    this.#end.resolve()
  }

  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  kick(): void {
    try {
      while (this.#drain());
    } catch {
      // The subscription's own loop gets the same error and reports it.
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#parts.feed.ready
        while (this.#drain()) await nextTurn()
        if (signal.aborted) return
        await this.#parts.feed.wait(signal)
      } catch (error) {
        if (signal.aborted) return
        if (await isWorthAnotherTry(error, this.#parts, signal)) continue
        this.#ended = { error }
        this.unsubscribe()
      }
    }
  }

  /** Delivers the available events. True if there might be more. */
  #drain(): boolean {
    // A handler that emits synchronously on this bus gets here again.
    if (this.#draining) return false
    this.#draining = true
    try {
      for (let batches = 0; batches < MAX_BATCHES; batches += 1) {
        const batch = this.#parts.feed.poll()
        if (batch === undefined) return false
        this.#handOut(batch)
      }
      return true
    } finally {
      this.#draining = false
    }
  }

  #handOut({ gap, events }: EventBatch): void {
    if (gap !== undefined) {
      const { onGap } = this.#parts.options
      if (onGap === undefined) say(`subscription "${this.pattern}": ${describeGap(gap)}`)
      else
        callSafely(
          () => onGap(gap),
          (error) => say(`onGap failed: ${errorText(error)}`),
        )
    }
    for (const event of events) {
      if (this.#ending.signal.aborted) return
      this.#offer(event)
    }
  }

  #offer(event: EventEnvelope): void {
    const { filter } = this.#parts
    if (!filter.matches(event.type)) return
    const checked = filter.check(event)
    if (this.#checking === undefined && !(checked instanceof Promise)) {
      this.#accept(checked, event)
      return
    }
    const last = (this.#checking ?? Promise.resolve())
      .then(() => checked)
      .then((judged) => {
        this.#accept(judged, event)
      })
      .finally(() => {
        if (this.#checking === last) this.#checking = undefined
      })
    this.#checking = last
  }

  /** Never throws: failures are reported. */
  #accept(checked: Checked, event: EventEnvelope): void {
    if (this.#ending.signal.aborted) return
    if (checked.refusal === undefined) this.#call(checked.event)
    else reportRefusal(checked.refusal, event, this.#parts.options.onError)
  }

  #call(event: EventEnvelope): void {
    try {
      const result = callHandler(this.#parts.call, event)
      if (isPromiseLike(result)) void this.#watch(result, event)
    } catch (error) {
      this.#report(error, event, 1)
    }
  }

  async #watch(result: unknown, event: EventEnvelope): Promise<void> {
    this.#running += 1
    try {
      await result
    } catch (error) {
      this.#report(error, event, 1)
    }
    this.#running -= 1
    this.#settle()
  }

  #settle(): void {
    if (this.#running > 0 || !this.#ending.signal.aborted) return
    if (this.#ended === undefined) this.#end.resolve()
    else this.#end.reject(this.#ended.error)
  }
}
