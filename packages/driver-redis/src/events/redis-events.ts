import {
  type AppendOptions,
  type CleanOptions,
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
  parsePosition,
  OpenReaders,
  PolledReader,
  type ReaderOptions,
  type Retention,
  retentionCutoff,
} from '@cli-ops/shared-ipc/driver'

import type { RedisConnection } from '../connection/redis-connection.js'
import type { ScriptCall } from '../connection/script.js'
import type { Subscriber } from '../connection/notifications.js'
import type { Keys } from '../keys.js'
import type { DurableAppend } from './durable-append.js'
import { APPEND, EXPIRE } from './event-scripts.js'
import { RedisGroups } from './redis-groups.js'
import { RedisLog } from './redis-log.js'
import { RedisParking } from './redis-parking.js'

/** Where events are stored. */
export interface EventContext {
  readonly connection: RedisConnection
  readonly durable: DurableAppend
  readonly subscriber: Subscriber
  readonly keys: Keys
  /** The locks that elect a group's active reader. */
  readonly groupLocks: LeasedLocks
  readonly timeoutMs: number
}

/** Events on a stream. `event-scripts.ts` describes the keys. */
export class RedisEvents implements EventDriver {
  readonly parking: RedisParking
  readonly #context: EventContext
  readonly #readers = new OpenReaders()
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
    if (records.length === 0) return []
    const { keys } = this.#context
    const { epoch, n } = this.#seen
    const call: ScriptCall = {
      keys: [keys.log, keys.logState, keys.groups],
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
    if (last !== undefined) this.note(last)
    return cursors as Cursor[]
  }

  openReader({ from, group }: ReaderOptions): EventReader {
    return this.#readers.open((forget) =>
      group === undefined
        ? new PolledReader(new RedisLog(this.#context, this, from, forget))
        : new GroupReader(
            group,
            new LockElection(new RedisGroups(this.#context, this, from, forget), group),
          ),
    )
  }

  async clean(retention: Retention, _options?: CleanOptions): Promise<number> {
    const { connection, keys } = this.#context
    const removed = await EXPIRE.run(connection, {
      keys: [keys.log, keys.logState, keys.groups],
      args: [retention.maxBytes, retentionCutoff(retention)],
    })
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
