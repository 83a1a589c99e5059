import { callSafely } from '../base/errors/call-safely.js'
import { errorText } from '../base/errors/error-text.js'
import { say } from '../base/terminal/message.js'
import { admitEvent } from './admit-event.js'
import type { EventBatch } from './contract/event-driver.js'
import type { EventEnvelope, EventGap } from './contract/event-types.js'
import type { EventFeed } from './event-feed.js'
import type { EventFilter } from './event-filter.js'
import { gapError } from './event-gap.js'
import { GroupProgress } from './group-progress.js'
import type { PullOptions } from './event-options.js'
import { hasMore } from './read-all.js'
import { isWorthAnotherTry } from './read-failure.js'

/** What the pattern does not select may be read again after a crash, and is worth a commit only now and then. */
const COMMIT_SKIPPED_EVERY_MS = 1000

/** What an {@link EventIterator} is made of. */
export interface EventIteratorParts {
  readonly pattern: string
  readonly feed: EventFeed
  readonly filter: EventFilter
  readonly options: PullOptions
  /** Called once when the iteration has ended. */
  readonly onEnd: (iterator: EventIterator) => void
}

/**
 * The events of `subscribe`, pulled one by one: what is not asked for yet stays in the log. In a group an event counts
 * as handled when the next one is asked for.
 */
export class EventIterator implements AsyncIterableIterator<EventEnvelope> {
  readonly #parts: EventIteratorParts
  readonly #ending = new AbortController()
  readonly #progress: GroupProgress | undefined
  readonly #events: AsyncGenerator<EventEnvelope, undefined>

  constructor(parts: EventIteratorParts) {
    this.#parts = parts
    const { group } = parts.options
    if (group !== undefined) this.#progress = new GroupProgress(parts.feed, group)
    this.#events = this.#iterate()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<EventEnvelope, undefined>> {
    return this.#events.next()
  }

  /** Ends the iteration, also one that waits for an event at this moment. */
  return(): Promise<IteratorResult<EventEnvelope, undefined>> {
    this.end()
    return this.#events.return(undefined)
  }

  /** Ends the iteration. Doing it twice does nothing. */
  end(): void {
    if (this.#ending.signal.aborted) return
    this.#ending.abort()
    this.#parts.feed.close()
    this.#parts.onEnd(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async *#iterate(): AsyncGenerator<EventEnvelope, undefined> {
    const { feed } = this.#parts
    const { signal } = this.#ending
    try {
      await feed.ready
      while (!signal.aborted) {
        const batch = await this.#take()
        if (batch === undefined) break
        if (batch.gap !== undefined) await this.#passGap(batch.gap)
        for (const { event } of batch.retries ?? []) {
          const admitted = await this.#admit(event)
          if (admitted === 'left') break
          if (admitted === undefined) continue
          yield admitted
          await this.#progress?.unpark(event)
        }
        for (const event of batch.events) {
          if (signal.aborted) return undefined
          const admitted = await this.#admit(event)
          if (admitted === 'left') break
          if (admitted !== undefined) yield admitted
          if (this.#progress !== undefined) await this.#pass(this.#progress, event)
        }
      }
      await this.#progress?.commit()
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      this.end()
    }
    return undefined
  }

  /** The event to hand out; undefined for one that is not selected, or breaks its schema. */
  async #admit(event: EventEnvelope): Promise<EventEnvelope | 'left' | undefined> {
    if (!this.#parts.filter.matches(event.type)) return undefined
    const admitted = await admitEvent(event, this.#parts, this.#ending.signal)
    return admitted === 'passed' ? undefined : admitted
  }

  /** The next events or a gap; undefined where all that is kept has been handed out and nobody asked to wait for more. */
  async #take(): Promise<EventBatch | undefined> {
    const { feed, options } = this.#parts
    const { signal } = this.#ending
    for (;;) {
      try {
        const batch = feed.poll()
        if (batch !== undefined) return batch
        if (!(await this.#waitForMore())) return undefined
      } catch (error) {
        if (signal.aborted || options.wait === false) throw error
        if (!(await isWorthAnotherTry(error, this.#parts, signal))) throw error
      }
      if (signal.aborted) return undefined
    }
  }

  /** False where all that is kept has been handed out and nobody asked to wait for more. */
  async #waitForMore(): Promise<boolean> {
    const { feed, options } = this.#parts
    const { signal } = this.#ending
    if (options.wait === false) return !feed.isEmbedded && hasMore(feed, signal)
    await feed.wait(signal)
    return true
  }

  /** The consumer has asked for more, so it is done with this event. */
  async #pass(progress: GroupProgress, { cursor, type }: EventEnvelope): Promise<void> {
    progress.advance(cursor)
    this.#parts.feed.ledger?.finish(cursor)
    await progress.commitEvery(this.#parts.filter.matches(type) ? 0 : COMMIT_SKIPPED_EVERY_MS)
  }

  async #passGap(gap: EventGap): Promise<void> {
    const { options } = this.#parts
    // A group has been told of the gap when this returns or throws; its next start goes on behind it.
    this.#progress?.advance(gap.resumeAt)
    await this.#progress?.commit()
    const { onGap } = options
    if (onGap === undefined) throw gapError(gap)
    callSafely(
      () => onGap(gap),
      (error) => say(`onGap failed: ${errorText(error)}`),
    )
  }
}
