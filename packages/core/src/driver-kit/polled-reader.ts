import type { EventBatch, EventReader } from '../events/contract/event-driver.js'
import type { Cursor, EventEnvelope, EventGap } from '../events/contract/event-types.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { untilAborted } from '../base/wait/race.js'
import { Waiters } from './waiters.js'

/** Events that follow each other in a log, and the gap before them. */
export interface LogSlice<Position> {
  readonly gap?: EventGap | undefined
  readonly events: readonly EventEnvelope[]
  /** Behind them. */
  readonly position: Position
}

/** A log on an engine that is asked what there is. Positions are the engine's own. */
export interface PolledLog<Position> {
  /**
   * How often it is looked at, where hints may be lost or there are none.
   * @default 1000
   */
  readonly lookEveryMs?: number
  /** Finds where a reader begins. Rejects where the engine does not answer. */
  begin(): Promise<Position>
  toCursor(position: Position): Cursor
  /**
   * Takes what there is behind a position, a bounded number of events, and says whether there may be more. Rejects with
   * `ENGINE_UNAVAILABLE` where it may be asked again.
   */
  fetch(
    position: Position,
  ): Promise<{ readonly slices: readonly LogSlice<Position>[]; readonly isMore: boolean }>
  /** Tells the reader of what is appended, by `look` or `offer`, until the returned function is called. */
  listen?(reader: PolledReader<Position>): () => void
  /** The reader was closed. */
  end?(): void
}

const LOOK_EVERY_MS = 1_000
const RETRY_MS = 100
/** More than this is left in the log until it is taken. */
const MAX_BUFFERED = 512

/**
 * Reads a log by looking at it: now and then, and when it is told to. Somebody else's failure to tell, or an engine that is away for a while,
 * costs time and no event.
 */
export class PolledReader<Position> implements EventReader {
  readonly ready: Promise<void>
  readonly #log: PolledLog<Position>
  readonly #slices: LogSlice<Position>[] = []
  readonly #waiters = new Waiters()
  #buffered = 0
  /** Behind what was fetched. */
  #position: Position | undefined
  /** Behind what was handed out. */
  #given: Cursor | undefined
  /** There may be more in the log than was taken. */
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

  /** Behind what was fetched; undefined where there may be more, which a look finds. */
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
        // A wait that was given up is no reason to ask again.
        if (!signal.aborted) this.#isBehind = true
      }
    }
  }

  commit(_cursor: Cursor): void {
    // Without a group there is nothing to store.
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening?.()
    this.#log.end?.()
    this.#waiters.wake()
  }

  /** There may be more. */
  look(): void {
    this.#isBehind = true
    this.#waiters.wake()
  }

  /** Takes what follows {@link fetchedUpTo} directly, where there is room for it; else it is fetched later. */
  offer(count: number, slice: () => LogSlice<Position>): void {
    if (this.fetchedUpTo === undefined || this.#buffered + count > MAX_BUFFERED) this.look()
    else this.#take(slice())
  }

  async #open(): Promise<void> {
    const position = await this.#log.begin()
    this.#position = position
    this.#given = this.#log.toCursor(position)
    if (this.#closed) throw closedError()
    // A position that is fixed is not lost any more: what was stored before anybody listens is fetched.
    this.#stopListening = this.#log.listen?.(this)
  }

  async #fetchOrRest(position: Position, signal: AbortSignal): Promise<void> {
    try {
      await untilAborted(this.#fetch(position), signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
      // It may be back soon; the position is known, so nothing is missed meanwhile.
      await this.#waiters.wait(signal, RETRY_MS)
    }
  }

  /** Takes what is there behind the position; one at a time. */
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
