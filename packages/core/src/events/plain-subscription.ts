import { say } from '../diagnostics/message.js'
import type { EventBatch } from '../drivers/event-driver.js'
import { describeGap } from './event-gap.js'
import { callHandler, createErrorReporter, type EventHandler, isThenable } from './event-handler.js'
import type { EventEnvelope } from './event-types.js'
import { isWorthAnotherTry } from './read-failure.js'
import type { RunningSubscription, SubscriptionParts } from './running-subscription.js'

/** After so many batches in a row the event loop gets a turn. */
const MAX_BATCHES = 4

/** A subscription without a group: handlers are called in the order of the log and not waited for. */
export class PlainSubscription implements RunningSubscription {
  readonly pattern: string
  readonly group = undefined
  readonly handler: EventHandler
  readonly ready: Promise<void>
  readonly #parts: SubscriptionParts
  readonly #ending = new AbortController()
  readonly #report: (error: unknown, event: EventEnvelope) => void
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

  unsubscribe(): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    this.#parts.feed.close()
    this.#parts.onEnd(this)
  }

  [Symbol.dispose](): void {
    this.unsubscribe()
  }

  kick(): void {
    try {
      while (this.#drain());
    } catch {
      // The subscription's own loop meets the same error, and reports it.
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await this.#parts.feed.ready
        while (this.#drain()) await turn()
        if (signal.aborted) return
        await this.#parts.feed.wait(signal)
      } catch (error) {
        if (signal.aborted) return
        if (await isWorthAnotherTry(error, this.#parts, signal)) continue
        this.unsubscribe()
      }
    }
  }

  /** Hands out what is there. True when there may be more. */
  #drain(): boolean {
    // A handler that emits, on this bus and synchronously, ends up here again.
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
      else callSafely(() => onGap(gap))
    }
    for (const event of events) {
      if (this.#ending.signal.aborted) return
      this.#offer(event)
    }
  }

  #offer(event: EventEnvelope): void {
    const checked = this.#parts.filter.check(event)
    if (this.#checking === undefined && !(checked instanceof Promise)) {
      if (checked !== undefined) this.#call(checked)
      return
    }
    const last = (this.#checking ?? Promise.resolve())
      .then(() => checked)
      .then((accepted) => {
        if (accepted !== undefined) this.#call(accepted)
      })
      .catch((error: unknown) => this.#report(error, event))
      .finally(() => {
        if (this.#checking === last) this.#checking = undefined
      })
    this.#checking = last
  }

  #call(event: EventEnvelope): void {
    if (this.#ending.signal.aborted) return
    try {
      const result = callHandler(this.handler, event)
      if (isThenable(result)) {
        Promise.resolve(result).catch((error: unknown) => this.#report(error, event))
      }
    } catch (error) {
      this.#report(error, event)
    }
  }
}

function callSafely(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    say(`onGap failed: ${String(error)}`)
  }
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
