import type { EventBatch, EventReader } from '../events/contract/event-driver.js'
import type { Cursor, EventEnvelope, EventGap } from '../events/contract/event-types.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { untilAborted } from '../base/wait/race.js'
import { Waiters } from './waiters.js'

/** Consecutive events of a log, and the gap before them. */
export interface LogSlice<Position> {
  readonly gap?: EventGap | undefined
  readonly events: readonly EventEnvelope[]
  /** The position after them. */
  readonly position: Position
}

/** A log on an engine that is read by polling. Positions are the engine's own. */
export interface PolledLog<Position> {
  /**
   * How often to poll, since hints can be lost or missing.
   * @default 1000
   */
  readonly lookEveryMs?: number
  /** Returns where a reader starts. Rejects if the engine does not answer. */
  begin(): Promise<Position>
  toCursor(position: Position): Cursor
  /**
   * Returns a bounded number of events after a position, and whether there might be more. Rejects with `ENGINE_UNAVAILABLE` if a retry
   * makes sense.
   */
  fetch(
    position: Position,
  ): Promise<{ readonly slices: readonly LogSlice<Position>[]; readonly isMore: boolean }>
  /** Notifies the reader of appended events, with `look` or `offer`, until the returned function is called. */
  listen?(reader: PolledReader<Position>): () => void
  /** Called when the reader was closed. */
  end?(): void
}

const LOOK_EVERY_MS = 1_000
const RETRY_MS = 100
/** Events above this number stay in the log until the buffer is read. */
const MAX_BUFFERED = 512

/**
 * Reads a log by polling: regularly, and on hints. A lost hint or an engine outage costs time but loses no events.
 */
export class PolledReader<Position> implements EventReader {
  readonly ready: Promise<void>
  readonly #log: PolledLog<Position>
  readonly #slices: LogSlice<Position>[] = []
  readonly #waiters = new Waiters()
  #buffered = 0
  /** The position after the last fetched event. */
  #position: Position | undefined
  /** The position after the last delivered event. */
  #given: Cursor | undefined
  /** There might be more in the log than was fetched. */
  #isBehind = true
  #fetching: Promise<void> | undefined
  #stopListening: (() => void) | undefined
  #closed = false

  constructor(log: PolledLog<Position>) {
    this.#log = log
    this.ready = this.#open()
    this.ready.catch(() => undefined)
  }

  get position(): Cursor | undefined {
    return this.#given
  }

  get isFetching(): boolean {
    return this.#fetching !== undefined
  }

  /** The position after the last fetched event; undefined if there might be more, which a poll finds. */
  get fetchedUpTo(): Position | undefined {
    return this.#fetching === undefined && !this.#isBehind ? this.#position : undefined
  }

  poll(): EventBatch | undefined {
    const slice = this.#slices.shift()
    this.#given = slice?.events.at(-1)?.cursor ?? slice?.gap?.resumeAt ?? this.#given
    this.#buffered -= slice?.events.length ?? 0
    const hasRoom = this.#buffered <= MAX_BUFFERED / 2
    if (this.#isBehind && hasRoom && this.#position !== undefined && !this.#closed)
      this.#fetch(this.#position).catch(() => undefined)
    if (slice === undefined) return undefined
    const { gap, events } = slice
    return gap === undefined ? { events } : { gap, events }
  }

  async wait(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      if (this.#slices.length > 0) return
      if (this.#closed) throw closedError()
      const position = this.#position
      if (this.#isBehind && position !== undefined) await this.#fetchOrRest(position, signal)
      else {
        await this.#waiters.wait(signal, this.#log.lookEveryMs ?? LOOK_EVERY_MS)
        // A cancelled wait is not a reason to poll again.
        if (!signal.aborted) this.#isBehind = true
      }
    }
  }

  commit(_cursor: Cursor): void {
    // Nothing to store without a group.
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening?.()
    this.#log.end?.()
    this.#waiters.wake()
  }

  /** Polls again: there might be more events. */
  look(): void {
    this.#isBehind = true
    this.#waiters.wake()
  }

  /** Takes events that directly follow {@link fetchedUpTo}, if there is room; otherwise they are fetched later. */
  offer(count: number, slice: () => LogSlice<Position>): void {
    if (this.fetchedUpTo === undefined || this.#buffered + count > MAX_BUFFERED) this.look()
    else this.#take(slice())
  }

  async #open(): Promise<void> {
    const position = await this.#log.begin()
    this.#position = position
    this.#given = this.#log.toCursor(position)
    if (this.#closed) throw closedError()
    // Once fixed, the position is safe: events stored before listening starts are fetched.
    this.#stopListening = this.#log.listen?.(this)
  }

  async #fetchOrRest(position: Position, signal: AbortSignal): Promise<void> {
    try {
      await untilAborted(this.#fetch(position), signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
      // The engine might be back soon; the position is known, so nothing is missed meanwhile.
      await this.#waiters.wait(signal, RETRY_MS)
    }
  }

  /** Fetches the events after the position; one fetch at a time. */
  #fetch(position: Position): Promise<void> {
    this.#fetching ??= this.#fetchOnce(position).finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetchOnce(position: Position): Promise<void> {
    this.#isBehind = false
    try {
      const { slices, isMore } = await this.#log.fetch(position)
      if (this.#closed) return
      if (isMore) this.#isBehind = true
      for (const slice of slices) this.#take(slice)
    } catch (error) {
      this.#isBehind = true
      throw error
    }
  }

  #take(slice: LogSlice<Position>): void {
    this.#position = slice.position
    if (slice.gap === undefined && slice.events.length === 0) return
    this.#slices.push(slice)
    this.#buffered += slice.events.length
    this.#waiters.wake()
  }
}

function closedError(): CliOpsError {
  return new CliOpsError('CLOSED', 'the reader was closed')
}
