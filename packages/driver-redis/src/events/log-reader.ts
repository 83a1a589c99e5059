import {
  CliOpsError,
  type Cursor,
  type EventBatch,
  type EventEnvelope,
  type EventGap,
  type EventReader,
  isCliOpsError,
  type StartPosition,
} from '@cli-ops/shared-ipc/driver'

import { FETCH, FIND } from './event-scripts.js'
import { gapBefore, type LogEntry, parseEntry, toEvent } from './log-entry.js'
import {
  comparePositions,
  type LogPosition,
  NOWHERE,
  parsePosition,
  toCursor,
} from './log-position.js'
import type { EventPlace, RedisEvents } from './redis-events.js'

/** Entries that one look takes. */
const FETCH_COUNT = 256
/** More than this is left in the log until it is taken. */
const MAX_BUFFERED = 512
/** Messages may be lost, so the log is looked at now and then in any case. */
const LOOK_EVERY_MS = 1_000
const RETRY_MS = 100

/**
 * Reads the log from a position on. Appends say on a channel what they have stored; what follows the reader's position directly
 * is taken from there, and anything else is fetched from the log by explicit ids.
 */
export class LogReader implements EventReader {
  readonly ready: Promise<void>
  readonly #place: EventPlace
  readonly #events: RedisEvents
  readonly #batches: EventBatch[] = []
  #buffered = 0
  /** Behind what was fetched. */
  #position: LogPosition | undefined
  /** Behind what was handed out. */
  #given: Cursor | undefined
  /** There may be more in the log than was taken. */
  #isBehind = true
  #fetching: Promise<void> | undefined
  #stopListening: (() => void) | undefined
  readonly #waiting = new Set<() => void>()
  #closed = false

  /** @throws TypeError for what is no position */
  constructor(place: EventPlace, events: RedisEvents, from: StartPosition) {
    this.#place = place
    this.#events = events
    const start = parseStart(from)
    this.ready = this.#open(start)
    this.ready.catch(() => undefined)
  }

  get position(): Cursor | undefined {
    return this.#given
  }

  poll(): EventBatch | undefined {
    const batch = this.#batches.shift()
    this.#given = batch?.events.at(-1)?.cursor ?? batch?.gap?.resumeAt ?? this.#given
    this.#buffered -= batch?.events.length ?? 0
    const hasRoom = this.#buffered <= MAX_BUFFERED / 2
    if (this.#isBehind && hasRoom && this.#position !== undefined && !this.#closed)
      this.#fetch().catch(() => undefined)
    return batch
  }

  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    for (;;) {
      if (this.#batches.length > 0) return
      if (this.#isBehind && this.#position !== undefined) {
        await this.#fetchOrRest(signal)
        signal.throwIfAborted()
        if (this.#batches.length > 0) return
      }
      if (this.#closed) throw closedError()
      if (!this.#isBehind || this.#position === undefined) {
        await this.#rest(LOOK_EVERY_MS, signal)
        signal.throwIfAborted()
        this.#isBehind = true
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
    this.#events.forget(this)
    this.#wake()
  }

  async #open(start: StartPosition | LogPosition): Promise<void> {
    const { connection, subscriber, keys } = this.#place
    const position =
      typeof start === 'object' && 'epoch' in start ? start : await findPosition(this.#place, start)
    this.#position = position
    this.#given = toCursor(position)
    if (this.#closed) throw closedError()
    this.#stopListening = subscriber.listen(keys.eventChannel, {
      onMessage: (message) => {
        this.#onHint(message)
      },
      onReady: () => {
        this.#look()
      },
    })
    // A position that is fixed is not lost any more: what was stored before the channel is listened on is fetched.
    await connection.connect()
  }

  #look(): void {
    this.#isBehind = true
    this.#wake()
  }

  #onHint(message: string): void {
    const [head = '', ...jsons] = message.split('\n')
    const [epoch = 0, first = 0, last = 0] = head.split(' ').map(Number)
    const position = this.#position
    this.#events.note({ epoch, n: last })
    if (position === undefined || this.#fetching !== undefined) {
      this.#look()
      return
    }
    if (position.epoch === epoch && position.n >= last) return
    const isNext = position.epoch === epoch && position.n === first - 1
    const hasRoom = this.#buffered + jsons.length <= MAX_BUFFERED
    if (!isNext || !hasRoom || jsons.length !== last - first + 1 || this.#isBehind) {
      this.#look()
      return
    }
    const events = jsons.map((json, index) =>
      toEvent({ position: { epoch, n: first + index }, json }),
    )
    this.#take(undefined, events, { epoch, n: last })
  }

  async #fetchOrRest(signal: AbortSignal): Promise<void> {
    try {
      await raceWith(this.#fetch(), signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE')) throw error
      // It may be back soon; the position is known, so nothing is missed meanwhile.
      await this.#rest(RETRY_MS, signal)
    }
  }

  /** Takes what is there behind the position; one at a time. */
  #fetch(): Promise<void> {
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetchOnce(): Promise<void> {
    const { connection, keys } = this.#place
    const from = this.#position ?? NOWHERE
    this.#isBehind = false
    try {
      await connection.connect()
      const [end, hasRestarted, entries] = (await FETCH.run(connection, {
        keys: [keys.log, keys.logState, keys.groups],
        args: [toCursor(from), FETCH_COUNT, connection.runId],
      })) as [string, number, [string, string[]][]]
      if (this.#closed) return
      if (entries.length >= FETCH_COUNT) this.#isBehind = true
      if (entries.length === 0) this.#checkEnd(from, parsePosition(end), hasRestarted === 1)
      else this.#takeEntries(from, entries)
    } catch (error) {
      this.#isBehind = true
      throw error
    }
  }

  /** A position behind the end is of another log, or of one that has lost its end and goes on in a new epoch. */
  #checkEnd(from: LogPosition, end: LogPosition | undefined, hasRestarted: boolean): void {
    if (end === undefined) return
    this.#events.note(end)
    if (comparePositions(from, end) <= 0) return
    if (from.epoch === end.epoch && hasRestarted) return
    const start = NOWHERE
    const gap = { expected: toCursor(from), resumeAt: toCursor(start) }
    this.#isBehind = true
    this.#take(gap, [], start)
  }

  #takeEntries(
    from: LogPosition,
    entries: readonly (readonly [string, readonly string[]])[],
  ): void {
    let position = from
    let events: EventEnvelope[] = []
    let gap: EventGap | undefined
    for (const stored of entries) {
      const entry: LogEntry | undefined = parseEntry(stored)
      if (entry === undefined) continue
      const missed = gapBefore(position, entry)
      if (missed !== undefined) {
        if (gap !== undefined || events.length > 0) this.#take(gap, events, position)
        gap = missed
        events = []
      }
      events.push(toEvent(entry))
      position = entry.position
    }
    this.#take(gap, events, position)
  }

  #take(gap: EventGap | undefined, events: readonly EventEnvelope[], position: LogPosition): void {
    this.#position = position
    this.#events.note(position)
    if (gap === undefined && events.length === 0) return
    this.#batches.push({ ...(gap !== undefined && { gap }), events })
    this.#buffered += events.length
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  /** Waits for a message, or for the time to pass. The timer keeps the process alive: somebody waits for an event. */
  #rest(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

/** Where a reader begins, as far as that is known without asking. @throws TypeError */
export function parseStart(from: StartPosition): StartPosition | LogPosition {
  if (from === 'latest' || from === 'earliest') return from
  if (from instanceof Date) {
    if (!Number.isNaN(from.getTime())) return from
  } else if (typeof from === 'string') {
    const position = parsePosition(from)
    if (position !== undefined) return position
  }
  throw new TypeError(
    `from must be a cursor of this event log or a valid date, got ${JSON.stringify(String(from))}`,
  )
}

/** Asks where a reader begins. */
export async function findPosition(
  { connection, keys }: EventPlace,
  start: StartPosition,
): Promise<LogPosition> {
  const found = await FIND.run(connection, {
    keys: [keys.log, keys.logState, keys.groups],
    args: [start instanceof Date ? start.toISOString() : start],
  })
  return parsePosition(String(found)) ?? NOWHERE
}

function closedError(): CliOpsError {
  return new CliOpsError('CLOSED', 'the reader was closed')
}

function raceWith<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort)
    })
  })
}
