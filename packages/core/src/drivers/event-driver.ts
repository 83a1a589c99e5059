import type {
  Cursor,
  EventEnvelope,
  EventGap,
  StartPosition,
  StoredEvent,
} from '../events/event-types.js'
import type { CleanOptions } from './lock-driver.js'
import type { MaybePromise } from './maybe-promise.js'

/** How long and how much an event log keeps. What a durable group has not read yet is kept longer, up to `maxBytes`. */
export interface Retention {
  readonly retentionMs: number
  readonly maxBytes: number
}

/** How events are stored. */
export interface AppendOptions {
  readonly retention: Retention
  /** Reach stable storage before the append resolves (fdatasync, or the engine's equivalent). */
  readonly durable: boolean
}

/** An event on its way to the log. */
export interface EventRecord {
  readonly event: StoredEvent
  /**
   * The event as one line of JSON, made when it was emitted: what is stored, whatever becomes of the emitted object
   * afterwards. Drivers write it as it is.
   */
  readonly json: string
}

/** Where a reader begins and what it keeps. */
export interface ReaderOptions {
  readonly from: StartPosition
  /**
   * Name of a durable group. Its committed cursor, where there is one, wins over `from`; where there is none, the
   * start position is committed at once. At most one reader of a group is active at a time, over all
   * processes; further ones stand by and take over.
   */
  readonly group?: string | undefined
}

/** What one `poll()` found. A gap precedes the events after it. */
export interface EventBatch {
  readonly gap?: EventGap
  readonly events: readonly EventEnvelope[]
}

/**
 * Events on one engine: one ordered log that every process appends to and reads at its own pace.
 *
 * The caller may rely on: one order for all readers; an append that resolved is read by every reader
 * whose position is before it, at least once and, without a crash, once; what has expired is reported as a
 * gap and never skipped in silence.
 */
export interface EventDriver {
  /**
   * Stores events in order and resolves to their cursors. All or none is not promised: a rejected append may
   * have stored a prefix.
   */
  append(events: readonly EventRecord[], options: AppendOptions): MaybePromise<Cursor[]>
  /** As `append`, synchronously; absent on drivers that need the network. */
  appendSync?(events: readonly EventRecord[], options: AppendOptions): Cursor[]
  /**
   * Opens a reader. Embedded drivers fix its position before returning, so that an event appended after the
   * call is read; others have fixed it when `ready` resolves.
   */
  openReader(options: ReaderOptions): EventReader
  /** Expires what retention allows and resolves to the number of events removed. */
  clean(retention: Retention, options?: CleanOptions): MaybePromise<number>
}

/**
 * A position in the log that moves forward.
 *
 * Taking and waiting are two calls, so that whoever takes also hands out in the same breath: two takers (the
 * subscription's own loop, and an emit on the same bus) can then never hand out of order.
 */
export interface EventReader {
  /** Resolves when the position is fixed (and, for a group, when this reader is the active one). */
  readonly ready: Promise<void>
  /**
   * Behind what `poll` has given so far, once the reader is ready: a reader that begins there gives the same as this one. Absent on
   * drivers that cannot tell, and while a group's reader stands by.
   */
  readonly position?: Cursor | undefined
  /**
   * Takes the next events, a bounded number of them, or a gap; `undefined` where nothing is there now, or while
   * another reader of the group is active. Never waits.
   */
  poll(): EventBatch | undefined
  /**
   * Resolves when `poll` may find something, also when it was so before the call. Rejects with the signal's reason
   * once aborted. Keeps the process alive while pending.
   */
  wait(signal: AbortSignal): Promise<void>
  /**
   * Stores the group's cursor. Without a group, or while another reader of the group is active, it does nothing.
   */
  commit(cursor: Cursor): MaybePromise<void>
  /** Ends the reader and lets the next one of its group take over. Doing it twice does nothing. */
  close(): void
}
