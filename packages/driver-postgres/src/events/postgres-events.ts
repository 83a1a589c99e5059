import {
  type AppendOptions,
  comparePositions,
  type Cursor,
  type EventDriver,
  type EventReader,
  type EventRecord,
  GroupReader,
  type LeasedLocks,
  LockElection,
  type LogPosition,
  NOWHERE,
  OpenReaders,
  PolledReader,
  type ReaderOptions,
  type Retention,
  retentionCutoff,
  toCursor,
} from '@cli-ops/shared-ipc/driver'

import type { PostgresConnection } from '../connection/postgres-connection.js'
import type { Space } from '../space.js'
import type { Subscriber } from '../subscriber.js'
import { PostgresGroups } from './postgres-groups.js'
import { PostgresLog } from './postgres-log.js'
import { PostgresParking } from './postgres-parking.js'

/** Where events are stored. */
export interface EventContext {
  readonly connection: PostgresConnection
  readonly subscriber: Subscriber
  readonly space: Space
  /** The locks that elect a group's active reader. */
  readonly groupLocks: LeasedLocks
}

/** Events as rows with dense positions. `event-functions.ts` describes the tables. */
export class PostgresEvents implements EventDriver {
  readonly parking: PostgresParking
  readonly #context: EventContext
  readonly #readers = new OpenReaders()
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
    if (records.length === 0) return []
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
    this.note({ epoch, n: first + records.length - 1 })
    return records.map((_, index) => toCursor({ epoch, n: first + index }))
  }

  openReader({ from, group }: ReaderOptions): EventReader {
    return this.#readers.open((forget) =>
      group === undefined
        ? new PolledReader(new PostgresLog(this.#context, this, from, forget))
        : new GroupReader(
            group,
            new LockElection(new PostgresGroups(this.#context, this, from, forget), group),
          ),
    )
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

  /** Records how far the log is known to extend. */
  note(position: LogPosition): void {
    if (comparePositions(position, this.#seen) > 0) this.#seen = position
  }

  close(): void {
    this.#readers.close()
  }
}
