import {
  type AppendOptions,
  type ChannelListener,
  comparePositions,
  type Cursor,
  type EventLogEngine,
  type EventRecord,
  type LogFetch,
  type LogPosition,
  NOWHERE,
  offerAppended,
  parsePosition,
  type PolledReader,
  type Retention,
  retentionCutoff,
  slicesBehindEnd,
  toCursor,
  toSlices,
} from '@cli-ops/shared-ipc/driver'

import type { Subscriber } from '../connection/notifications.js'
import type { RedisConnection } from '../connection/redis-connection.js'
import type { ScriptCall } from '../connection/script.js'
import type { Keys } from '../keys.js'
import type { DurableAppend } from './durable-append.js'
import { APPEND, EXPIRE, FETCH, FIND } from './event-scripts.js'
import { parseEntry } from './log-entry.js'
import { RedisCursor } from './redis-cursor.js'
import { RedisParking } from './redis-parking.js'

/** Where events are stored. */
export interface EventContext {
  readonly connection: RedisConnection
  readonly durable: DurableAppend
  readonly subscriber: Subscriber
  readonly keys: Keys
  readonly timeoutMs: number
}

/** The most entries one fetch returns. */
const FETCH_COUNT = 256

/**
 * Events on a stream. `event-scripts.ts` describes the keys. Appends announce on a channel what they stored. A reader
 * takes events that directly follow its position from there, and fetches everything else by explicit ids.
 */
export class RedisEvents implements EventLogEngine {
  readonly parking: RedisParking
  readonly #context: EventContext
  /** The furthest position this process has seen. */
  #seen: LogPosition = NOWHERE

  constructor(context: EventContext) {
    this.#context = context
    this.parking = new RedisParking(context)
  }

  async append(
    records: readonly EventRecord[],
    { retention, durable }: AppendOptions,
  ): Promise<Cursor[]> {
    const { keys } = this.#context
    const { epoch, n } = this.#seen
    const call: ScriptCall = {
      keys: this.#logKeys,
      args: [
        epoch,
        n,
        retention.maxBytes,
        retentionCutoff(retention),
        keys.eventChannel,
        durable ? 1 : 0,
        ...records.flatMap(({ event, json }) => [event.time, json]),
      ],
    }
    const cursors = durable
      ? await this.#context.durable.append(call)
      : ((await APPEND.run(this.#context.connection, call)) as [number, ...Cursor[]]).slice(1)
    const last = parsePosition(String(cursors.at(-1)))
    if (last !== undefined) this.#note(last)
    return cursors as Cursor[]
  }

  async clean(retention: Retention): Promise<number> {
    const removed = await EXPIRE.run(this.#context.connection, {
      keys: this.#logKeys,
      args: [retention.maxBytes, retentionCutoff(retention)],
    })
    return Number(removed)
  }

  async find(start: 'latest' | 'earliest' | Date): Promise<LogPosition> {
    const found = await FIND.run(this.#context.connection, {
      keys: this.#logKeys,
      args: [start instanceof Date ? start.toISOString() : start],
    })
    return parsePosition(String(found)) ?? NOWHERE
  }

  async fetch(from: LogPosition): Promise<LogFetch> {
    const [end, hasRestarted, entries] = (await FETCH.run(this.#context.connection, {
      keys: this.#logKeys,
      args: [toCursor(from), FETCH_COUNT],
    })) as [string, number, [string, string[]][]]
    if (entries.length === 0) return this.#behindEnd(from, parsePosition(end), hasRestarted === 1)
    const slices = toSlices(
      from,
      entries.flatMap((entry) => parseEntry(entry) ?? []),
    )
    this.#note(slices.at(-1)?.position ?? from)
    return { slices, isMore: entries.length >= FETCH_COUNT }
  }

  listen(listener: ChannelListener): () => void {
    const { subscriber, keys } = this.#context
    return subscriber.listen(keys.eventChannel, listener)
  }

  offer(reader: PolledReader<LogPosition>, message: string): void {
    this.#note(offerAppended(reader, message))
  }

  openCursor(group: string): RedisCursor {
    return new RedisCursor(this.#context, group)
  }

  get #logKeys(): string[] {
    const { keys } = this.#context
    return [keys.log, keys.logState, keys.groups]
  }

  #behindEnd(from: LogPosition, end: LogPosition | undefined, hasRestarted: boolean): LogFetch {
    if (end === undefined) return { slices: [], isMore: false }
    this.#note(end)
    return slicesBehindEnd(from, end, hasRestarted)
  }

  /** Records how far the log is known to extend. */
  #note(position: LogPosition): void {
    if (comparePositions(position, this.#seen) > 0) this.#seen = position
  }
}
