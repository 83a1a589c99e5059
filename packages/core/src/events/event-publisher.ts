import type { AppendOptions, EventRecord } from '../drivers/driver.js'
import type { DriverHandle } from '../engine/open-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { afterThis } from '../base/wait/next-turn.js'
import type { Cursor } from './contract/event-types.js'

/** An event that waits for the next write. */
interface Pending {
  readonly record: EventRecord
  readonly durable: boolean
  readonly resolve: (cursor: Cursor) => void
  readonly reject: (error: unknown) => void
}

/**
 * Stores events in the order of arrival. Events of the same tick, or that arrive during a write to an engine, are written together.
 */
export class EventPublisher {
  readonly #handle: DriverHandle<'events'>
  readonly #options: AppendOptions
  readonly #onStored: () => void
  readonly #pending: Pending[] = []
  #scheduled = false
  /** Settles when the current write has ended; never rejects. */
  #writing: Promise<void> | undefined

  /** @param onStored called after each write, before the emits it belongs to resolve */
  constructor(handle: DriverHandle<'events'>, options: AppendOptions, onStored: () => void) {
    this.#handle = handle
    this.#options = options
    this.#onStored = onStored
  }

  /** Resolves to the event's cursor once it is stored. Rejects with the driver's error. */
  publish(record: EventRecord, durable = this.#options.durable): Promise<Cursor> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ record, durable, resolve, reject })
      if (this.#scheduled || this.#writing !== undefined) return
      this.#scheduled = true
      afterThis(() => {
        this.#scheduled = false
        this.#write()
      })
    })
  }

  /**
   * Stores the event, and those that wait before it, synchronously.
   *
   * @throws CliOpsError `UNSUPPORTED` on drivers that need the network
   */
  publishSync(record: EventRecord, durable = this.#options.durable): Cursor {
    const events = this.#handle.now?.events
    if (events?.appendSync === undefined) {
      throw new CliOpsError('UNSUPPORTED', 'emitSync needs the local driver; use await emit()')
    }
    this.flushSync()
    const [cursor] = events.appendSync([record], { ...this.#options, durable })
    return cursor as Cursor
  }

  /** Stores the waiting events if the driver can do so synchronously: for exit handlers. */
  flushSync(): void {
    const events = this.#handle.now?.events
    if (events?.appendSync === undefined || this.#pending.length === 0) return
    const batch = this.#takeBatch()
    try {
      settle(batch, events.appendSync(recordsOf(batch), this.#optionsOf(batch)))
    } catch (error) {
      rejectAll(batch, error)
    }
    this.flushSync()
  }

  /** Resolves when all published events have been stored or refused. */
  async settled(): Promise<void> {
    while (this.#pending.length > 0 || this.#writing !== undefined) {
      if (this.#writing === undefined) this.#write()
      await this.#writing
    }
  }

  #write(): void {
    if (this.#writing !== undefined || this.#pending.length === 0) return
    const driver = this.#handle.now
    if (driver === undefined) {
      this.#writing = this.#writeLater(this.#handle.open())
      return
    }
    const batch = this.#takeBatch()
    try {
      const cursors = driver.events.append(recordsOf(batch), this.#optionsOf(batch))
      if (cursors instanceof Promise) this.#writing = this.#finish(batch, cursors)
      else this.#stored(batch, cursors)
    } catch (error) {
      rejectAll(batch, error)
    }
    this.#write()
  }

  async #writeLater(opening: Promise<unknown>): Promise<void> {
    try {
      await opening
    } catch (error) {
      rejectAll(this.#pending.splice(0), error)
    }
    this.#writing = undefined
    this.#write()
  }

  async #finish(batch: readonly Pending[], cursors: Promise<Cursor[]>): Promise<void> {
    try {
      this.#stored(batch, await cursors)
    } catch (error) {
      rejectAll(batch, error)
    }
    this.#writing = undefined
    this.#write()
  }

  #stored(batch: readonly Pending[], cursors: readonly Cursor[]): void {
    this.#onStored()
    settle(batch, cursors)
  }

  /** Takes the next events with the same durability. */
  #takeBatch(): Pending[] {
    const durable = this.#pending[0]?.durable
    const other = this.#pending.findIndex((pending) => pending.durable !== durable)
    return this.#pending.splice(0, other < 0 ? this.#pending.length : other)
  }

  #optionsOf([first]: readonly Pending[]): AppendOptions {
    return { ...this.#options, durable: first?.durable === true }
  }
}

function recordsOf(batch: readonly Pending[]): EventRecord[] {
  return batch.map(({ record }) => record)
}

function settle(batch: readonly Pending[], cursors: readonly Cursor[]): void {
  for (const [index, { resolve }] of batch.entries()) resolve(cursors[index] as Cursor)
}

function rejectAll(batch: readonly Pending[], error: unknown): void {
  for (const { reject } of batch) reject(error)
}
