import type { EventBatch, EventReader } from '../../../events/contract/event-driver.js'
import type { Cursor } from '../../../events/contract/event-types.js'
import { toCursor } from './log-position.js'
import type { LogReader } from './log-reader.js'
import type { LogWatch } from './log-watch.js'

/** A reader without a group: its position exists only in memory. */
export class PlainReader implements EventReader {
  readonly ready = Promise.resolve()
  readonly #log: LogReader
  readonly #watch: LogWatch
  readonly #leaveWatch: () => void
  #seen = -1
  #closed = false

  constructor(log: LogReader, watch: LogWatch) {
    this.#log = log
    this.#watch = watch
    this.#leaveWatch = watch.use()
  }

  get position(): Cursor {
    return toCursor(this.#log.position)
  }

  poll(): EventBatch | undefined {
    if (this.#closed) return undefined
    this.#seen = this.#watch.changes
    const batch = this.#log.poll()
    if (batch !== undefined) this.#watch.found()
    return batch
  }

  wait(signal: AbortSignal): Promise<void> {
    return this.#watch.wait(this.#seen, signal)
  }

  commit(): void {
    // Without a group, nothing is stored.
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#leaveWatch()
    this.#log.close()
  }
}
