import type { ParkedEvent } from '../../../events/contract/parked-event.js'
import type { Cursor, EventEnvelope } from '../../../events/contract/event-types.js'
import type { EventBatch, EventReader, GroupLedger } from '../../../events/contract/event-driver.js'
import type { GroupAttempts } from './group-attempts.js'
import type { GroupCursors } from './group-cursor.js'
import type { GroupLease } from './group-lease.js'
import { fromCursor, type LogPosition, toCursor } from './log-position.js'
import type { LogReader } from './log-reader.js'
import type { LogWatch } from './log-watch.js'
import type { Home } from '../home/home.js'
import { type ParkedEvents, stemOf } from './parked-events.js'
import { untilAborted } from '../../../base/wait/race.js'

/** How often the active reader checks for parked events that another process wants retried. */
const LOOK_FOR_RETRIES_MS = 500

/** The parts of a {@link GroupReader}. */
export interface GroupReaderParts {
  readonly group: string
  readonly home: Home
  readonly cursors: GroupCursors
  readonly lease: GroupLease
  readonly watch: LogWatch
  readonly parked: ParkedEvents
  /** Reads the attempts counted by the previous reader. */
  readonly openAttempts: () => GroupAttempts
  readonly openLog: (position: LogPosition) => LogReader
  /** The oldest kept position. */
  readonly earliest: () => LogPosition
}

/**
 * A reader of a durable group. It stands by while another reader has the group's lease. Once it gets the lease, it
 * continues from the committed cursor, not from where it was opened.
 */
export class GroupReader implements EventReader, GroupLedger {
  readonly #parts: GroupReaderParts
  readonly #leaveWatch: () => void
  readonly #closing = new AbortController()
  #log: LogReader | undefined
  #attempts: GroupAttempts | undefined
  /** Parked events handed to this reader to retry, and not settled yet. */
  readonly #retried = new Set<string>()
  #lookedForRetries = -Infinity
  #retriesAsked = 0
  #lostCursor = false
  #activation: Promise<void>
  /** True if the home could not be used to read the group. */
  #hasFailed = false
  #seen = -1

  constructor(parts: GroupReaderParts) {
    this.#parts = parts
    this.#leaveWatch = parts.watch.use()
    this.#activation = this.#activate()
  }

  get ready(): Promise<void> {
    return this.#activation
  }

  get position(): Cursor | undefined {
    return this.#log && toCursor(this.#log.position)
  }

  poll(): EventBatch | undefined {
    return this.#parts.home.attempt(() => this.#next())
  }

  #next(): EventBatch | undefined {
    if (this.#log === undefined) return undefined
    if (!this.#parts.lease.isHeld) {
      // Taken away by force: another reader might continue from the last commit, so this one has to stand by again.
      this.#closeLog()
      this.#activation = this.#activate()
      return undefined
    }
    this.#seen = this.#parts.watch.changes
    if (!this.#lostCursor) return this.#takeRetries() ?? this.#takeNew(this.#log)
    this.#lostCursor = false
    const resumeAt = toCursor(this.#log.position)
    return { gap: { expected: '0:0' as Cursor, resumeAt }, events: [] }
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#log !== undefined) return this.#parts.watch.wait(this.#seen, signal)
    if (this.#hasFailed) this.#activation = this.#activate()
    await untilAborted(this.#activation, signal)
  }

  commit(cursor: Cursor): void {
    const position = fromCursor(cursor)
    const { home, cursors, group, lease } = this.#parts
    if (position === undefined || !lease.isHeld) return
    // Created again if the home was removed meanwhile.
    home.inDirectory(home.paths.groups, () => cursors.write(group, position))
  }

  get ledger(): GroupLedger | undefined {
    return this.#log === undefined || !this.#parts.lease.isHeld ? undefined : this
  }

  countAttempt(cursor: Cursor): number {
    return this.#attempts?.count(cursor) ?? 1
  }

  finish(cursor: Cursor): void {
    this.#attempts?.finish(cursor)
  }

  park(parked: ParkedEvent): void {
    this.#parts.parked.park(this.#parts.group, parked)
    this.#attempts?.forget(parked.event.cursor)
    this.#retried.delete(stemOf(parked.event))
  }

  unpark(event: EventEnvelope): void {
    this.#parts.parked.unpark(this.#parts.group, event)
    this.#attempts?.finish(event.cursor)
    this.#retried.delete(stemOf(event))
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new Error('the reader was closed'))
    this.#leaveWatch()
    this.#closeLog()
    this.#parts.lease.release()
  }

  /** Becomes the active reader: immediately if there is none, else once the active one has gone. */
  #activate(): Promise<void> {
    this.#hasFailed = false
    const activation = this.#takeOver()
    // A waiter gets the error; without one, it must not become an unhandled rejection.
    activation.catch(() => {
      this.#hasFailed = true
    })
    return activation
  }

  async #takeOver(): Promise<void> {
    const { lease, home } = this.#parts
    try {
      // Already held if only the reading failed last time.
      if (!lease.isHeld && !lease.tryAcquire()) await lease.acquire(this.#closing.signal)
      this.#begin()
    } catch (error) {
      throw home.failure(error)
    }
  }

  #takeNew(log: LogReader): EventBatch | undefined {
    const batch = log.poll()
    if (batch !== undefined) this.#parts.watch.found()
    return batch
  }

  /** Retries are rare and requested by people: checked now and then, and immediately if this process requests them. */
  #takeRetries(): EventBatch | undefined {
    const { parked, group } = this.#parts
    const now = performance.now()
    const isDue = now - this.#lookedForRetries >= LOOK_FOR_RETRIES_MS
    if (!isDue && parked.retriesAsked === this.#retriesAsked) return undefined
    this.#lookedForRetries = now
    this.#retriesAsked = parked.retriesAsked
    const retries = parked.retries(group, this.#retried)
    for (const { event } of retries) this.#retried.add(stemOf(event))
    return retries.length === 0 ? undefined : { retries, events: [] }
  }

  #begin(): void {
    const { cursors, group, openLog, earliest, openAttempts } = this.#parts
    this.#attempts = openAttempts()
    this.#retried.clear()
    const stored = cursors.read(group)
    // A cursor that is unreadable, or was removed meanwhile, must not skip anything.
    this.#lostCursor = stored === undefined || stored === 'unreadable'
    if (this.#lostCursor) this.#attempts.clear()
    this.#log = openLog(stored === undefined || stored === 'unreadable' ? earliest() : stored)
  }

  #closeLog(): void {
    this.#log?.close()
    this.#log = undefined
  }
}
