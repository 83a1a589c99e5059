import type { ConnectionOptions } from '../engine/connection-options.js'
import type { StandardSchema } from '../base/validation/standard-schema.js'
import type { RateLimit } from './rate-limit.js'
import type { Cursor, EventEnvelope, EventGap } from './contract/event-types.js'

/** Options of an `EventBus`. */
export interface EventBusOptions extends ConnectionOptions {
  /**
   * Keeps the events inside this bus, for tests. Two such buses share nothing. When an `emit` resolves, the bus's handlers have been
   * called.
   * @default false
   */
  readonly inMemory?: boolean | undefined
  /**
   * CloudEvents source of the events emitted here, a URI reference.
   * @default `/cli-ops/<name of the CLI>/<instance>`
   */
  readonly source?: string | undefined
  /**
   * How long events are kept for late readers, in milliseconds. Events that a durable group has not read yet are kept longer, up to
   * `maxBytes`.
   * @default 60_000
   */
  readonly retentionMs?: number | undefined
  /**
   * Size limit of the log, in bytes; beyond it the oldest events are removed, and readers that needed them get a gap.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxBytes?: number | undefined
  /**
   * Whether an emitted event is on stable storage when `emit` resolves, so that it survives a power failure and not only a crash of
   * the process. Costs about a millisecond. An engine that cannot guarantee it rejects the event (`UNSUPPORTED`); with replicas, a
   * majority of the nodes has the event by then.
   * @default false
   */
  readonly durable?: boolean | undefined
  /**
   * How many events of one type this process may emit, or false for no limit.
   * @default `CLI_OPS_RATE_LIMIT`, else { max: 10, perMs: 1000, burst: 600, onLimit: 'reject' }
   */
  readonly rateLimit?: false | RateLimit | undefined
  /**
   * Schemas by event type: any Standard Schema (zod, valibot, arktype, …). Events emitted here must match them; received events that
   * do not match are skipped with a warning. Handlers get the schema's output.
   */
  readonly schemas?: Readonly<Record<string, StandardSchema>> | undefined
}

/** Options of one `emit`. */
export interface EmitOptions {
  /** Ends the wait for storage or for the rate limit. A write that has already started can still complete. */
  readonly signal?: AbortSignal | undefined
  /**
   * Whether this event is on stable storage when `emit` resolves.
   * @default the bus's `durable`
   */
  readonly durable?: boolean | undefined
  /**
   * W3C trace context.
   * @default the environment's `TRACEPARENT`, if it is well-formed
   */
  readonly traceparent?: string | undefined
}

/** Options of a subscription. */
export interface SubscribeOptions {
  /**
   * Where to start: with new events, with the oldest kept event, with the first event at or after a date, or after the event with
   * this cursor.
   * @default 'latest'
   */
  readonly from?: 'latest' | 'earliest' | Date | Cursor | undefined
  /**
   * Makes the subscription durable under this name: its cursor is kept, and its next start, in any process, continues where it
   * ended. Of several subscriptions with the same name, across all processes, one is active and the others stand by.
   */
  readonly group?: string | undefined
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called with the attempt's number when the handler throws, rejects or takes too long, and for an event that breaks its schema
   * (`INVALID_MESSAGE`).
   * @default one line on stderr for the subscription's first failure, and for the first such event of each source
   */
  readonly onError?:
    ((error: unknown, event: EventEnvelope, attempt: number) => unknown) | undefined
  /**
   * How often a group's handler is called with an event, counted across restarts and processes and including attempts cut off by a
   * crash. Then the event is parked in the group's own log, and the next one follows. `Infinity` never parks.
   * @default 5
   */
  readonly maxAttempts?: number | undefined
  /**
   * How long a group's handler may take for one event, in milliseconds. After that the attempt counts as failed and another process
   * can take over the group. The handler, which cannot be stopped, is abandoned.
   * @default no limit
   */
  readonly handlerTimeoutMs?: number | undefined
  /**
   * How long a group waits before the second attempt, the third, and so on, in milliseconds; the last value applies to all further
   * ones.
   * @default [100, 1000, 5000, 10_000]
   */
  readonly retryDelaysMs?: readonly number[] | undefined
  /**
   * Called when events have expired before they could be read; reading continues at the oldest kept one.
   * @default `on` writes one line to stderr; `subscribe` and `once` fail with `CURSOR_GAP`
   */
  readonly onGap?: ((gap: EventGap) => void) | undefined
  /**
   * Called each time events cannot be read because the disk or the engine fails. While `error.retryable` is true, reading is retried
   * every second and continues where it was; otherwise the subscription ends.
   * @default one line on stderr for each reason
   */
  readonly onReadError?: ((error: unknown) => unknown) | undefined
}

/** Options of `subscribe`. */
export interface PullOptions extends SubscribeOptions {
  /**
   * Whether to wait for further events. With false, the iteration ends after the last kept event, or fails if events cannot be read.
   * With a group, a command that runs occasionally catches up this way on what happened in between. It still waits while another
   * subscription of the group is active.
   * @default true
   */
  readonly wait?: boolean | undefined
}

/** Options of `close`. */
export interface CloseOptions {
  /**
   * How long running handlers may take to finish, in milliseconds; a group's are then committed. If given, handlers without a group
   * are awaited as well.
   * @default 10_000, for groups only
   */
  readonly drainMs?: number | undefined
}

/** Options of `once`. */
export type OnceOptions = Pick<SubscribeOptions, 'from' | 'signal' | 'onGap' | 'onReadError'>

/** Options of `read`. */
export interface ReadOptions {
  /** @default 'earliest' */
  readonly from?: SubscribeOptions['from']
  readonly signal?: AbortSignal | undefined
  /**
   * Called when events are missing; reading continues after them.
   * @default `read` fails with `CURSOR_GAP`
   */
  readonly onGap?: SubscribeOptions['onGap']
}

/** The events of `subscribe`, pulled with `for await`. */
export interface PulledEvents<Event> extends AsyncIterableIterator<Event> {
  /** As a subscription's `ready`: resolves when the position is fixed, rejects if the events cannot be read. */
  readonly ready: Promise<void>
}

/**
 * A running subscription. It keeps the process alive until `unsubscribe`, `using`, its signal or the bus's `close` ends it.
 */
export interface Subscription {
  /**
   * Resolves when the position is fixed and, for a group, this subscription is the active one. On one machine the position is fixed
   * before `on` returns; on an engine, events that another process emits before this resolves can be missed. Rejects if the events
   * cannot be read; you can ignore this rejection.
   */
  readonly ready: Promise<void>
  /**
   * Resolves when the subscription has ended and, for a group, its running handler has finished. Rejects with the reason if it ended
   * because the events cannot be read. If nothing handles this promise, a group then makes the process exit with 69 (EX_UNAVAILABLE),
   * unless the process sets an exit code itself.
   */
  readonly closed: Promise<void>
  /** Ends the subscription; no handler is called afterwards. Calling it twice is fine. */
  unsubscribe(): void
  [Symbol.dispose](): void
}
