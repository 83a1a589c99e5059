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

/** Reading unmatched events again after a crash does no harm, so they are worth only an occasional commit. */
const COMMIT_SKIPPED_EVERY_MS = 1000

/** The dependencies of an {@link EventIterator}. */
export interface EventIteratorParts {
  readonly pattern: string
  readonly feed: EventFeed
  readonly filter: EventFilter
  readonly options: PullOptions
  /** Called once when the iteration has ended. */
  readonly onEnd: (iterator: EventIterator) => void
}

/**
 * The events of `subscribe`, pulled one by one; the rest stay in the log. In a group, an event counts as handled when the consumer
 * requests the next one.
 */
export class EventIterator implements AsyncIterableIterator<EventEnvelope> {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'EventIterator'
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

  /** Resolves when the position is fixed and the log can be read; rejects with why it cannot. */
  get ready(): Promise<void> {
    return this.#parts.feed.ready
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<EventEnvelope, undefined>> {
    return this.#events.next()
  }

  /** Ends the iteration, even while it waits for an event. */
  return(): Promise<IteratorResult<EventEnvelope, undefined>> {
    this.end()
    return this.#events.return(undefined)
  }

  /** Ends the iteration. A second call does nothing. */
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

  /** Returns the event to hand out; undefined if it does not match or breaks its schema. */
  async #admit(event: EventEnvelope): Promise<EventEnvelope | 'left' | undefined> {
    if (!this.#parts.filter.matches(event.type)) return undefined
    const admitted = await admitEvent(event, this.#parts, this.#ending.signal)
    return admitted === 'passed' ? undefined : admitted
  }

  /** Returns the next events or a gap; undefined after the last kept event if `wait` is false. */
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

  /** False after the last kept event if `wait` is false. */
  async #waitForMore(): Promise<boolean> {
    const { feed, options } = this.#parts
    const { signal } = this.#ending
    if (options.wait === false) return !feed.isEmbedded && hasMore(feed, signal)
    await feed.wait(signal)
    return true
  }

  /** Marks an event as handled: the consumer has requested the next one. */
  async #pass(progress: GroupProgress, { cursor, type }: EventEnvelope): Promise<void> {
    progress.advance(cursor)
    this.#parts.feed.ledger?.finish(cursor)
    await progress.commitEvery(this.#parts.filter.matches(type) ? 0 : COMMIT_SKIPPED_EVERY_MS)
  }

  async #passGap(gap: EventGap): Promise<void> {
    const { options } = this.#parts
    // Either way the gap is reported when this returns or throws, so the group's next start continues after it.
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
