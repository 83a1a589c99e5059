import { errorText } from '../base/errors/error-text.js'
import { warnOnce } from '../base/terminal/message.js'
import type { EventFeed } from './event-feed.js'
import type { Cursor, EventEnvelope } from './contract/event-types.js'

/** Moves the cursor of a group. A commit writes a file, so events in quick succession can share one. */
export class GroupProgress {
  readonly #feed: EventFeed
  readonly #group: string
  #done: Cursor | undefined
  #committed: Cursor | undefined
  #committedAt = -Infinity

  constructor(feed: EventFeed, group: string) {
    this.#feed = feed
    this.#group = group
  }

  /** Notes that everything up to here is handled or did not match. */
  advance(cursor: Cursor): void {
    this.#done = cursor
  }

  /** Commits the progress, unless the last commit is less than `ms` milliseconds ago. */
  async commitEvery(ms: number): Promise<void> {
    if (performance.now() - this.#committedAt >= ms) await this.commit()
  }

  /** Commits the progress; synchronously on embedded drivers. Never rejects: at worst, events are delivered again. */
  async commit(): Promise<void> {
    const cursor = this.#done
    if (cursor === undefined || cursor === this.#committed) return
    this.#committedAt = performance.now()
    try {
      const committing = this.#feed.commit(cursor)
      if (committing instanceof Promise) await committing
      this.#committed = cursor
    } catch (error) {
      warnOnce(
        `commit ${this.#group}`,
        `cannot store the cursor of group "${this.#group}", so its events may be delivered again: ${errorText(error)}`,
      )
    }
  }

  /** Removes a parked event after a successful retry. Never rejects: at worst, it is retried once more. */
  async unpark(event: EventEnvelope): Promise<void> {
    try {
      const removing = this.#feed.ledger?.unpark(event)
      if (removing instanceof Promise) await removing
    } catch (error) {
      warnOnce(
        `unpark ${this.#group}`,
        `event ${event.id} of group "${this.#group}" was handled but stays parked: ${errorText(error)}`,
      )
    }
  }
}
