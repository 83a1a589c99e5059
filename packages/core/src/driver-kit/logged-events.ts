import type {
  AppendOptions,
  EventDriver,
  EventParking,
  EventReader,
  EventRecord,
  ReaderOptions,
  Retention,
} from '../events/contract/event-driver.js'
import type { Cursor, StartPosition } from '../events/contract/event-types.js'
import type { LockDriver } from '../locks/contract/lock-driver.js'
import type { ChannelListener } from './channel-subscriber.js'
import { GroupReader } from './group-reader.js'
import { type GroupCursor, LockElection } from './lock-election.js'
import { type LogPosition, parsePosition, parseStart, toCursor } from './log-position.js'
import { OpenReaders } from './open-readers.js'
import { type LogSlice, PolledReader } from './polled-reader.js'
import { type LedgerStore, StoredLedger } from './stored-ledger.js'

/** What one fetch returns, and whether there might be more. */
export interface LogFetch {
  readonly slices: readonly LogSlice<LogPosition>[]
  readonly isMore: boolean
}

/** What an engine provides for events in one log, with positions that are an epoch and a dense number. Each call is atomic. */
export interface EventLogEngine {
  /** What groups have parked, and their attempts. */
  readonly parking: EventParking & LedgerStore
  /** Stores events, at least one, and resolves to their cursors. */
  append(records: readonly EventRecord[], options: AppendOptions): Promise<Cursor[]>
  /** Expires events as retention allows and resolves to the number removed. */
  clean(retention: Retention): Promise<number>
  /** Finds the position of a reader that starts at one end of the log, or with the first event of a time or later. */
  find(start: 'latest' | 'earliest' | Date): Promise<LogPosition>
  /** Returns a bounded number of events after a position. Rejects with `ENGINE_UNAVAILABLE` if a retry makes sense. */
  fetch(from: LogPosition): Promise<LogFetch>
  /** Listens for announcements of appended events until the returned function is called. */
  listen(listener: ChannelListener): () => void
  /** Passes a reader what such a message announces, with `look` or `offer`. */
  offer(reader: PolledReader<LogPosition>, message: string): void
  /** Opens the cursor of a group, for one reader. */
  openCursor(group: string): GroupCursor
}

/** Events in a log on an engine. Readers poll, and are notified of appends; a group elects its active reader with a lock. */
export class LoggedEvents implements EventDriver {
  readonly #engine: EventLogEngine
  readonly #groupLocks: LockDriver
  readonly #readers = new OpenReaders()

  /** @param groupLocks the locks that elect a group's active reader */
  constructor(engine: EventLogEngine, groupLocks: LockDriver) {
    this.#engine = engine
    this.#groupLocks = groupLocks
  }

  get parking(): EventParking {
    return this.#engine.parking
  }

  async append(records: readonly EventRecord[], options: AppendOptions): Promise<Cursor[]> {
    return records.length === 0 ? [] : this.#engine.append(records, options)
  }

  clean(retention: Retention): Promise<number> {
    return this.#engine.clean(retention)
  }

  openReader({ from, group }: ReaderOptions): EventReader {
    const start = parseStart(from, parsePosition)
    return this.#readers.open((forget) =>
      group === undefined
        ? this.#open(start, forget)
        : new GroupReader(group, this.#elect(group, start, forget)),
    )
  }

  close(): void {
    this.#readers.close()
  }

  #open(start: Start, end: () => void): EventReader {
    const engine = this.#engine
    return new PolledReader<LogPosition>({
      begin: () => this.#find(start),
      toCursor,
      fetch: (from) => engine.fetch(from),
      listen: (reader) =>
        engine.listen({
          onMessage: (message) => {
            engine.offer(reader, message)
          },
          onReady: () => {
            reader.look()
          },
        }),
      end,
    })
  }

  #elect(group: string, start: Start, end: () => void): LockElection {
    const { parking } = this.#engine
    return new LockElection(group, {
      locks: this.#groupLocks,
      cursor: this.#engine.openCursor(group),
      begin: async () => toCursor(await this.#find(start)),
      openReader: (cursor) => this.#open(parseStart(cursor, parsePosition), () => undefined),
      openLedger: () => new StoredLedger(parking, group),
      end,
    })
  }

  async #find(start: Start): Promise<LogPosition> {
    return typeof start === 'object' && 'epoch' in start ? start : this.#engine.find(start)
  }
}

/** Where a reader starts, as far as known without a call to the engine. */
type Start = Exclude<StartPosition, Cursor> | LogPosition
