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
  type PolledReader,
  type Retention,
  retentionCutoff,
  toCursor,
} from '@cli-ops/shared-ipc/driver'

import type { PostgresConnection } from '../connection/postgres-connection.js'
import type { Space } from '../space.js'
import type { Subscriber } from '../subscriber.js'
import { PostgresCursor } from './postgres-cursor.js'
import { fetchAfter, findPosition } from './postgres-log.js'
import { PostgresParking } from './postgres-parking.js'

/** Where events are stored. */
export interface EventContext {
  readonly connection: PostgresConnection
  readonly subscriber: Subscriber
  readonly space: Space
}

/**
 * Events as rows with dense positions. `event-functions.ts` describes the tables. Appends announce on a channel what
 * they stored. A reader takes events that directly follow its position from there, and fetches everything else.
 */
export class PostgresEvents implements EventLogEngine {
  readonly parking: PostgresParking
  readonly #context: EventContext
  /** The furthest position this process has seen. */
  #seen: LogPosition = NOWHERE

  constructor(context: EventContext) {
    this.#context = context
    this.parking = new PostgresParking(context)
  }

  async append(
    records: readonly EventRecord[],
    { retention, durable }: AppendOptions,
  ): Promise<Cursor[]> {
    const { connection, space } = this.#context
    const { epoch: knownEpoch, n: knownN } = this.#seen
    const stored = await connection.value(
      'select cli_ops.append($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [
        space.key,
        knownEpoch,
        knownN,
        retention.maxBytes,
        retentionCutoff(retention),
        durable,
        space.channels.events,
        records.map(({ json }) => json),
        records.map(({ event }) => event.time),
      ],
    )
    const [epoch = 0, first = 0] = String(stored).split(' ').map(Number)
    this.#note({ epoch, n: first + records.length - 1 })
    return records.map((_, index) => toCursor({ epoch, n: first + index }))
  }

  async clean(retention: Retention): Promise<number> {
    const { connection, space } = this.#context
    const removed = await connection.value('select cli_ops.expire($1, $2, $3, 100000)', [
      space.key,
      retention.maxBytes,
      retentionCutoff(retention),
    ])
    return Number(removed)
  }

  find(start: 'latest' | 'earliest' | Date): Promise<LogPosition> {
    return findPosition(this.#context, start)
  }

  async fetch(from: LogPosition): Promise<LogFetch> {
    const { end, ...fetched } = await fetchAfter(this.#context, from)
    this.#note(end)
    return fetched
  }

  listen(listener: ChannelListener): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(space.channels.events, listener)
  }

  offer(reader: PolledReader<LogPosition>, message: string): void {
    this.#note(offerAppended(reader, message))
  }

  openCursor(group: string): PostgresCursor {
    return new PostgresCursor(this.#context, group)
  }

  /** Records how far the log is known to extend. */
  #note(position: LogPosition): void {
    if (comparePositions(position, this.#seen) > 0) this.#seen = position
  }
}
