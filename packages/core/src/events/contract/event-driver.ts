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
  /** Reach stable storage before the append resolves (fdatasync or the engine's equivalent). */
  readonly durable: boolean
}

/** An event on its way to the log. */
export interface EventRecord {
  readonly event: StoredEvent
  /**
   * The event as one line of JSON, serialised at the emit, so later changes to the emitted object have no effect. Drivers store it
   * unchanged.
   */
  readonly json: string
}

/** Where a reader starts and what it keeps. */
export interface ReaderOptions {
  readonly from: StartPosition
  /**
   * Name of a durable group. Its committed cursor takes precedence over `from`; without one, the start position is committed
   * immediately. At most one reader of a group is active at a time, across all processes; others stand by and take over.
   */
  readonly group?: string | undefined
}

/** The result of one `poll()`. The gap and the retries precede the events. */
export interface EventBatch {
  readonly gap?: EventGap
  /** The group's parked events with a requested retry. Each is handed out once by one reader. */
  readonly retries?: readonly ParkedEvent[]
  readonly events: readonly EventEnvelope[]
}

/**
 * A group's record of events that its handler fails on. Only its active reader writes it. What a call has stored survives the process
 * and is available to the group's next reader.
 */
export interface GroupLedger {
  /** Counts another attempt at the event with this cursor, before the attempt starts. Resolves to the count including it. */
  countAttempt(cursor: Cursor): MaybePromise<number>
  /**
   * Notes that an event was handled: its attempts are forgotten by the next counted attempt at the latest. A redelivery because of a
   * crash before the commit must not count as a failure.
   */
  finish(cursor: Cursor): void
  /**
   * Stores an event in the group's own log and forgets its attempts. Replaces an event that is already there (the process died before
   * the commit, or a retry failed).
   */
  park(parked: ParkedEvent): MaybePromise<void>
  /** Removes an event after a successful retry. */
  unpark(event: EventEnvelope): MaybePromise<void>
}

/** The parked events of every group, for people who retry or drop them. None of the calls needs an active reader. */
export interface EventParking {
  /** Returns the groups that have parked events, with their number. */
  groups(): MaybePromise<readonly ParkedCount[]>
  /**
   * Returns a bounded number of a group's parked events in the order of the log: the first ones, or the next ones after `after`. Empty
   * if there are no more.
   */
  list(group: string, after?: ParkedEvent): MaybePromise<readonly ParkedEvent[]>
  /**
   * Requests that the group's active reader, or its next one, retry the event with this id, or all of them; attempts count from 1.
   * Resolves to the number of events.
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
 * Guarantees to the caller: all readers see the same order. Every reader positioned before an append that has resolved reads it at
 * least once, and exactly once without a crash. Expired events are reported as a gap, never silently skipped.
 */
export interface EventDriver {
  /**
   * Stores events in order and resolves to their cursors. Not atomic: a rejected append can have stored a prefix.
   */
  append(events: readonly EventRecord[], options: AppendOptions): MaybePromise<Cursor[]>
  /** Like `append`, but synchronous; absent on drivers that need the network. */
  appendSync?(events: readonly EventRecord[], options: AppendOptions): Cursor[]
  /**
   * Opens a reader. Embedded drivers fix its position before returning, so an event appended after the call is read. Others have fixed
   * it when `ready` resolves.
   */
  openReader(options: ReaderOptions): EventReader
  /** Parked events; absent on drivers without the capability. */
  readonly parking?: EventParking
  /** Expires events as retention allows and resolves to the number removed. */
  clean(retention: Retention, options?: CleanOptions): MaybePromise<number>
}

/**
 * A position in the log that moves forward.
 *
 * Polling and waiting are separate calls, so a caller can poll and deliver in one synchronous step. Two callers (the subscription's
 * own loop and an emit on the same bus) then never deliver out of order.
 */
export interface EventReader {
  /** Resolves when the position is fixed (and, for a group, when this reader is the active one). */
  readonly ready: Promise<void>
  /**
   * The position after everything that `poll` has returned, once the reader is ready: a reader that starts there returns the same
   * events. Absent on drivers that cannot tell, and while a group's reader stands by.
   */
  readonly position?: Cursor | undefined
  /**
   * True while a request to the engine for events is unanswered: silence does not then mean the end of the log. Absent on drivers to
   * which the engine pushes events.
   */
  readonly isFetching?: boolean
  /**
   * Takes the next events, a bounded number of them, or a gap; `undefined` if there are none now, or while another reader of the group
   * is active. Never waits.
   */
  poll(): EventBatch | undefined
  /**
   * Resolves when `poll` might find something, immediately if it already might. Rejects with the signal's reason once aborted. Keeps
   * the process alive while pending.
   */
  wait(signal: AbortSignal): Promise<void>
  /**
   * Stores the group's cursor. Does nothing without a group, or while another reader of the group is active.
   */
  commit(cursor: Cursor): MaybePromise<void>
  /** Present for the active reader of a group, on drivers with the capability `parking`. */
  readonly ledger?: GroupLedger | undefined
  /** Ends the reader and lets the group's next one take over. A second call does nothing. */
  close(): void
}
