import type { Cursor, EventEnvelope, EventGap, StartPosition, StoredEvent } from './event-types.js'
import type { ParkedEvent } from './parked-event.js'
import type { CleanOptions } from '../../locks/contract/lock-driver.js'
import type { MaybePromise } from '../../base/wait/maybe-promise.js'

/** How long and how much an event log keeps. Events that a durable group has not read yet are kept longer, up to `maxBytes`. */
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

/** What one `poll()` found. A gap and what is to be tried again precede the events. */
export interface EventBatch {
  readonly gap?: EventGap
  /** Parked events of the group that were asked to be tried again. Each is handed out once by one reader. */
  readonly retries?: readonly ParkedEvent[]
  readonly events: readonly EventEnvelope[]
}

/**
 * What a group keeps of events that its handler fails on. Only its active reader writes; what one of these calls has stored is
 * there for whoever reads the group next, whatever becomes of the process.
 */
export interface GroupLedger {
  /** Counts one more attempt at the event with this cursor, before it is made. Resolves to how many there were with it. */
  countAttempt(cursor: Cursor): MaybePromise<number>
  /**
   * Notes that an event was handled: its attempts are forgotten no later than with the next one that is counted. An event that is
   * handed out again because a crash came before the commit is not to be counted as one that failed.
   */
  finish(cursor: Cursor): void
  /**
   * Stores an event in the group's own log and forgets its attempts. An event that is there already (the process died
   * before it could commit, or it was tried again in vain) is replaced.
   */
  park(parked: ParkedEvent): MaybePromise<void>
  /** Removes an event that was tried again with success. */
  unpark(event: EventEnvelope): MaybePromise<void>
}

/** The parked events of every group, for people who decide what becomes of them. None of it needs an active reader. */
export interface EventParking {
  /** The groups that have parked events, with their number. */
  groups(): MaybePromise<readonly ParkedCount[]>
  /**
   * A bounded number of a group's parked events in the order of the log: the first ones, or those behind `after`. None
   * where there are no more.
   */
  list(group: string, after?: ParkedEvent): MaybePromise<readonly ParkedEvent[]>
  /**
   * Asks the group's active reader, or its next one, to try the event with this id again, or all of them; its attempts
   * count from 1. Resolves to the number of events.
   */
  retry(group: string, id?: string): MaybePromise<number>
  /** Removes the event with this id for good. Resolves to the number of events: ids are unique only with their source. */
  drop(group: string, id: string): MaybePromise<number>
}

/** How many events a group has parked. */
export interface ParkedCount {
  readonly group: string
  readonly count: number
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
  /** Parked events; absent on drivers without the capability. */
  readonly parking?: EventParking
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
   * True while the engine was asked for what is there and has not answered: that nothing comes then says nothing about the end. Absent on
   * drivers to which it is sent unasked.
   */
  readonly isFetching?: boolean
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
  /** Of the active reader of a group, on drivers with the capability `parking`. */
  readonly ledger?: GroupLedger | undefined
  /** Ends the reader and lets the next one of its group take over. Doing it twice does nothing. */
  close(): void
}
