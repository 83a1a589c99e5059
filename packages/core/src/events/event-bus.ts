import { assertKnown } from '../base/validation/assert-known.js'
import { createMemoryDriver } from '../drivers/memory/memory-driver.js'
import { type DriverHandle, openDriver, readyHandle } from '../engine/open-driver.js'
import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { closedError } from '../base/errors/closed-error.js'
import { assertName, describe } from '../base/names/assert-name.js'
import { resolveConnection } from '../engine/connection-options.js'
import type { Clock } from '../base/wait/clock.js'
import { clockFor } from '../engine/clock-for.js'
import { atExit } from '../base/process/at-exit.js'
import { assertSignal } from '../base/validation/assert-signal.js'
import type { EventParking, ParkedCount } from './contract/event-driver.js'
import { assertMilliseconds } from '../base/validation/assert-number.js'
import { withoutEnvelopeForSpies } from './bare-spy.js'
import { EmitGate } from './emit-gate.js'
import { EventFeed } from './event-feed.js'
import { EventFilter } from './event-filter.js'
import { assertMatches, assertMatchesNow } from './event-schemas.js'
import type { EventHandler } from './event-handler.js'
import { EventIterator } from './event-iterator.js'
import type { DataOf, EventData, EventOf } from './event-map.js'
import type {
  CloseOptions,
  EmitOptions,
  EventBusOptions,
  OnceOptions,
  PulledEvents,
  PullOptions,
  ReadOptions,
  SubscribeOptions,
  Subscription,
} from './event-options.js'
import { assertEventType, assertPattern } from './event-pattern.js'
import { EventPublisher } from './event-publisher.js'
import { createEventRecord, type CreatedRecord, toEnvelope } from './contract/event-record.js'
import {
  assertBoolean,
  assertSubscribeOptions,
  isDate,
  resolveEventSettings,
  type EventSettings,
} from './event-settings.js'
import { defaultSource } from './contract/event-source.js'
import type { EventEnvelope } from './contract/event-types.js'
import { GroupSubscription } from './group-subscription.js'
import { isHandlerOf } from './handler-flow.js'
import type { ParkedEvent } from './contract/parked-event.js'
import { PlainSubscription } from './plain-subscription.js'
import { readAll } from './read-all.js'
import type { RunningSubscription } from './running-subscription.js'
import type { StandardEvents } from './standard-events.js'
import { traceparentOf } from '../base/process/trace-context.js'
import { onAbort } from '../base/wait/abort-signal.js'
import { untilAborted, withinTime } from '../base/wait/race.js'

const EMIT_OPTIONS = Object.keys({
  signal: true,
  durable: true,
  traceparent: true,
} satisfies Record<keyof EmitOptions, true>)

/** Most service supervisors wait this long before they kill. */
const DEFAULT_DRAIN_MS = 10_000

type AnyOf<Known extends string> = Known | (string & Record<never, never>)
type EmitArguments<Data> = undefined extends Data
  ? [data?: Data, options?: EmitOptions]
  : [data: Data, options?: EmitOptions]

/**
 * Publish and subscribe between the processes of one user. Events are kept for a while, so a process that was not running receives
 * them later.
 *
 * @example
 * ```ts
 * const bus = new EventBus()
 * bus.on('task:created', (task) => console.log(task.title))
 * await bus.emit('task:created', { id: '1', title: 'Write' })
 * ```
 */
export class EventBus<Events = StandardEvents> {
  /** Kept where the bundle renames classes: Node shows it for an object and in a stack. */
  static readonly name = 'EventBus'
  readonly #settings: EventSettings
  readonly #clock: Clock
  readonly #handle: DriverHandle<'events'>
  readonly #publisher: EventPublisher
  readonly #gate: EmitGate
  readonly #subscriptions = new Set<RunningSubscription>()
  readonly #iterators = new Set<EventIterator>()
  readonly #closing = new AbortController()
  /** The subscriptions that `close` has ended, and the end that it waits for. */
  #ended: readonly RunningSubscription[] = []
  #closed: Promise<void> | undefined
  #leaveExit: (() => void) | undefined

  /** Validates the options without touching disk or network. @throws TypeError */
  constructor(options: EventBusOptions = {}) {
    this.#settings = resolveEventSettings(options)
    this.#clock = clockFor(options)
    this.#handle = openEvents(options, this.#settings.inMemory)
    this.#gate = new EmitGate(
      this.#settings.rateLimit,
      this.#settings.inMemory ? undefined : this.#handle.key,
      this.#clock,
    )
    this.#publisher = new EventPublisher(this.#handle, this.#settings.append, () => {
      for (const subscription of this.#subscriptions) subscription.kick()
    })
  }

  /**
   * Stores an event and resolves to its envelope once it is stored. With `inMemory`, the bus's handlers have been called by then, too.
   * Emits in the same tick are written together, in order. An event that was not stored (rate limit with `drop`, or a disabled bus)
   * has an empty cursor.
   *
   * Rejects with a `TypeError` for data that is not JSON, and with `INVALID_MESSAGE` (schema), `MESSAGE_TOO_LARGE`, `RATE_LIMITED`,
   * `STORAGE_FAILED`, `CLOSED` or the engine's error.
   */
  async emit<Type extends AnyOf<keyof Events & string>>(
    type: Type,
    ...[data, options = {}]: EmitArguments<EventData<Events, Type>>
  ): Promise<EventEnvelope<EventData<Events, Type>, Type>> {
    assertKnown('options', options, EMIT_OPTIONS)
    const { signal, durable } = options
    assertSignal(signal)
    signal?.throwIfAborted()
    const record = this.#record(type, data, options)
    const invalid = assertMatches(this.#settings.schemas.get(type), record)
    if (invalid instanceof Promise) await invalid
    this.#assertOpen()
    const stored = this.#gate.enter(type, () => this.#publisher.publish(record, durable), signal)
    const cursor = await untilAborted(stored, signal)
    return toEnvelope(record, cursor) as EventEnvelope<EventData<Events, Type>, Type>
  }

  /**
   * Like `emit`, but synchronous: when it returns, this event and all earlier ones are stored. For exit handlers.
   *
   * @throws CliOpsError like `emit`, and `UNSUPPORTED` on drivers that need the network or for an asynchronous schema
   */
  emitSync<Type extends AnyOf<keyof Events & string>>(
    type: Type,
    ...[data, options = {}]: EmitArguments<EventData<Events, Type>>
  ): EventEnvelope<EventData<Events, Type>, Type> {
    assertKnown('options', options, EMIT_OPTIONS)
    const record = this.#record(type, data, options)
    assertMatchesNow(this.#settings.schemas.get(type), record)
    const cursor = this.#gate.enterSync(type, () =>
      this.#publisher.publishSync(record, options.durable),
    )
    return toEnvelope(record, cursor) as EventEnvelope<EventData<Events, Type>, Type>
  }

  /**
   * Calls the handler for every event that matches the pattern (`task:created`, `task:*` or `*`), in the order of the log. On embedded
   * drivers every event emitted after `on` returns is delivered, whichever process emits it.
   *
   * Without a group, handlers are not awaited; a failure is reported, and the handler gets the next event. With a group, they are
   * awaited one by one. A failing handler is tried `maxAttempts` times, counted across restarts. Then the event is parked (see
   * `parked`, `retry` and `drop`) and the next one follows.
   *
   * @throws TypeError
   * @throws CliOpsError `CLOSED`
   */
  on<Pattern extends AnyOf<(keyof Events & string) | '*'>>(
    pattern: Pattern,
    handler: EventHandler<DataOf<Events, Pattern>, EventOf<Events, Pattern>>,
    options: SubscribeOptions = {},
  ): Subscription {
    this.#assertSubscription(pattern, options)
    assertHandler(handler)
    const { signal, group } = options
    const stop = (): void => subscription.unsubscribe()
    let stopListening = (): void => undefined
    const own = handler as EventHandler
    const parts = {
      pattern,
      handler: own,
      call: this.#settings.inMemory ? withoutEnvelopeForSpies(own) : own,
      feed: this.#openFeed(options),
      filter: new EventFilter(pattern, this.#settings.schemas),
      options,
      clock: this.#clock,
      onEnd: (ended: RunningSubscription) => {
        this.#subscriptions.delete(ended)
        stopListening()
      },
    }
    const subscription =
      group === undefined
        ? new PlainSubscription(parts)
        : new GroupSubscription({ ...parts, group, openFeed: () => this.#openFeed(options) })
    this.#subscriptions.add(subscription)
    stopListening = onAbort(signal, stop)
    return subscription
  }

  /**
   * Resolves to the next event that matches the pattern. Rejects with the signal's reason, `CURSOR_GAP`, or `CLOSED` if the bus is
   * closed first.
   */
  async once<Pattern extends AnyOf<(keyof Events & string) | '*'>>(
    pattern: Pattern,
    options: OnceOptions = {},
  ): Promise<EventOf<Events, Pattern>> {
    assertSignal(options.signal)
    options.signal?.throwIfAborted()
    const events = this.subscribe(pattern, options)
    try {
      for await (const event of events) return event
    } finally {
      await events.return?.()
    }
    options.signal?.throwIfAborted()
    throw closedError('this EventBus')
  }

  /** Ends the subscriptions to this pattern, or only one handler's. @throws TypeError */
  off(pattern: string, handler?: (...parameters: never[]) => unknown): void {
    assertPattern(pattern)
    if (handler !== undefined) assertHandler(handler)
    for (const subscription of [...this.#subscriptions]) {
      const same = handler === undefined || subscription.handler === handler
      if (subscription.pattern === pattern && same) subscription.unsubscribe()
    }
  }

  /**
   * Returns the events that match the pattern, pulled with `for await`; the rest wait in the log. The position is fixed when this
   * returns. The iteration ends with `break`, `close()` or the signal. A gap ends it with `CURSOR_GAP`, unless `onGap` is given; a new
   * subscription from `details.resumeAt` continues. If the log cannot be read for a while, the iteration waits and then continues
   * where it was, as `on` does, unless `wait` is false.
   *
   * With a group, an event counts as handled when the next one is requested, so the event at which the loop ended is delivered again.
   */
  subscribe<Pattern extends AnyOf<(keyof Events & string) | '*'>>(
    pattern: Pattern,
    options: PullOptions = {},
  ): PulledEvents<EventOf<Events, Pattern>> {
    this.#assertSubscription(pattern, options)
    const { signal } = options
    const stop = (): void => iterator.end()
    let stopListening = (): void => undefined
    const iterator = new EventIterator({
      pattern,
      feed: this.#openFeed(options),
      filter: new EventFilter(pattern, this.#settings.schemas),
      options,
      onEnd: (ended) => {
        this.#iterators.delete(ended)
        stopListening()
      },
    })
    this.#iterators.add(iterator)
    stopListening = onAbort(signal, stop)
    return iterator as unknown as PulledEvents<EventOf<Events, Pattern>>
  }

  /**
   * Resolves to the kept events that match the pattern, oldest first, without waiting for more. Rejects with `CURSOR_GAP` if some of
   * them are missing, unless `onGap` is given.
   */
  async read<Pattern extends AnyOf<(keyof Events & string) | '*'>>(
    pattern: Pattern,
    options: ReadOptions = {},
  ): Promise<EventOf<Events, Pattern>[]> {
    this.#assertSubscription(pattern, options)
    const { from = 'earliest', signal, onGap } = options
    signal?.throwIfAborted()
    const filter = new EventFilter(pattern, this.#settings.schemas)
    const feed = this.#openFeed({ from })
    try {
      return (await readAll(feed, filter, { signal, onGap })) as EventOf<Events, Pattern>[]
    } finally {
      feed.close()
    }
  }

  /** Removes expired events and resolves to the number removed. */
  async cleanOldEvents(): Promise<number> {
    this.#assertOpen()
    const driver = this.#handle.now ?? (await this.#handle.open())
    return driver.events.clean(this.#settings.append.retention)
  }

  /**
   * Yields the events that a group has parked, in the order of the log.
   *
   * Fails with `UNSUPPORTED` if the engine cannot park events.
   */
  async *parked(group: string): AsyncGenerator<ParkedEvent, void, undefined> {
    assertName('group', group)
    const parking = await this.#parking()
    let last: ParkedEvent | undefined
    do {
      const events = await parking.list(group, last)
      yield* events
      last = events.at(-1)
    } while (last !== undefined)
  }

  /** Resolves to the groups that have parked events, with their number. Rejects with `UNSUPPORTED` like {@link parked}. */
  async parkedGroups(): Promise<readonly ParkedCount[]> {
    return (await this.#parking()).groups()
  }

  /**
   * Requests that the group's active subscription, or its next one, retry the parked event with this id, or all of them; attempts
   * count from 1. Resolves to the number of events. Rejects with `UNSUPPORTED` like {@link parked}.
   */
  async retry(group: string, id?: string): Promise<number> {
    assertName('group', group)
    if (id !== undefined) assertName('id', id)
    const parking = await this.#parking()
    const count = await parking.retry(group, id)
    for (const subscription of this.#subscriptions)
      if (subscription.group === group) subscription.kick()
    return count
  }

  /**
   * Permanently removes the parked event with this id. Resolves to the number of events. Rejects with `UNSUPPORTED` like
   * {@link parked}.
   */
  async drop(group: string, id: string): Promise<number> {
    assertName('group', group)
    assertName('id', id)
    return (await this.#parking()).drop(group, id)
  }

  /**
   * Ends all subscriptions, waits for the running handlers of groups, commits their events, and stores emitted events that still wait.
   * Further calls wait for the same end, or less long with their own `drainMs`. A handler that closes its own bus is not awaited.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    assertKnown('options', options, ['drainMs'])
    const { drainMs } = options
    if (drainMs !== undefined) assertMilliseconds('drainMs', drainMs)
    if (this.#closed === undefined) {
      this.#closing.abort()
      this.#ended = [...this.#subscriptions]
      for (const subscription of this.#ended) subscription.unsubscribe()
      for (const iterator of [...this.#iterators]) iterator.end()
      this.#gate.release()
      this.#closed = this.#finish(drainMs)
    } else {
      const isHandlers = this.#ended.some(isHandlerOf)
      if (isHandlers || drainMs !== undefined) await drain(this.#ended, drainMs)
      // The first call waits for this very handler.
      if (isHandlers) return
    }
    await this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #finish(drainMs: number | undefined): Promise<void> {
    await this.#publisher.settled()
    await drain(this.#ended, drainMs)
    this.#leaveExit?.()
    await this.#handle.close()
  }

  #record(type: string, data: unknown, options: EmitOptions): CreatedRecord {
    assertEventType(type)
    if (options.durable !== undefined) assertBoolean('durable', options.durable)
    const traceparent = traceparentOf(options.traceparent)
    this.#assertOpen()
    // Events that wait for the end of the tick, or for their turn, must not be lost to a process.exit().
    this.#leaveExit ??= atExit(() => {
      this.#gate.release()
      this.#publisher.flushSync()
    })
    const source = this.#settings.source ?? defaultSource()
    return createEventRecord({ type, data, source, traceparent, timeMs: this.#clock.now() })
  }

  async #parking(): Promise<EventParking> {
    this.#assertOpen()
    const { events, name } = this.#handle.now ?? (await this.#handle.open())
    if (events.parking !== undefined) return events.parking
    throw new CliOpsError('UNSUPPORTED', `groups cannot park events on the ${name} driver`)
  }

  #openFeed({ from = 'latest', group }: SubscribeOptions): EventFeed {
    // Drivers know a date by the class of this realm; a test runner that isolates its files has another.
    return new EventFeed(this.#handle, { from: isDate(from) ? new Date(from) : from, group })
  }

  #assertSubscription(pattern: unknown, options: SubscribeOptions): void {
    assertPattern(pattern)
    assertSubscribeOptions(options)
    const { group } = options
    if (group !== undefined) {
      assertName('group', group)
      for (const running of this.#subscriptions) {
        if (running.group !== group) continue
        throw new TypeError(
          `group must name one subscription of a bus, got ${describe(group)} twice; the second would stand by forever`,
        )
      }
    }
    this.#assertOpen()
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw closedError('this EventBus')
  }
}

function assertHandler(handler: unknown): void {
  if (typeof handler !== 'function')
    throw new TypeError(`handler must be a function, got ${describe(handler)}`)
}

function openEvents(options: EventBusOptions, inMemory: boolean): DriverHandle<'events'> {
  if (!inMemory || resolveConnection(options).disabled) return openDriver(options, 'events')
  // Not shared: two tests with an in-memory bus each never see each other's events.
  return readyHandle(createMemoryDriver(), 'events')
}

/** Waits for handlers and abandons those that take too long: their groups continue elsewhere. */
async function drain(
  ended: readonly RunningSubscription[],
  drainMs: number | undefined,
): Promise<void> {
  const awaited = ended.filter(
    (subscription) =>
      (subscription.group !== undefined || drainMs !== undefined) && !isHandlerOf(subscription),
  )
  const settled = Promise.all(awaited.map((subscription) => subscription.settled))
  if ((await withinTime(settled, drainMs ?? DEFAULT_DRAIN_MS)) === 'late')
    for (const subscription of awaited) subscription.abandon()
}
