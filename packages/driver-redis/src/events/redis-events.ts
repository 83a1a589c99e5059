import type {
  AppendOptions,
  CleanOptions,
  Cursor,
  EventDriver,
  EventReader,
  EventRecord,
  ReaderOptions,
  Retention,
} from '@cli-ops/shared-ipc/driver'

import type { RedisConnection } from '../connection/redis-connection.js'
import type { Subscriber } from '../connection/subscriber.js'
import type { Keys } from '../keys.js'
import type { RedisLocks } from '../locks/redis-locks.js'
import { APPEND, EXPIRE } from './event-scripts.js'
import { GroupReader } from './group-reader.js'
import { comparePositions, type LogPosition, NOWHERE, parsePosition } from './log-position.js'
import { LogReader } from './log-reader.js'

/** Where events are kept. */
export interface EventPlace {
  readonly connection: RedisConnection
  readonly subscriber: Subscriber
  readonly keys: Keys
  /** The locks that elect a group's active reader. */
  readonly groupLocks: RedisLocks
  readonly timeoutMs: number
}

/** Events on a stream. See `event-scripts.ts` for what is kept there. */
export class RedisEvents implements EventDriver {
  readonly #place: EventPlace
  readonly #readers = new Set<EventReader>()
  /** How far this process has seen the log. */
  #seen: LogPosition = NOWHERE

  constructor(place: EventPlace) {
    this.#place = place
  }

  async append(
    records: readonly EventRecord[],
    { retention, durable }: AppendOptions,
  ): Promise<Cursor[]> {
    if (records.length === 0) return []
    const { connection, keys } = this.#place
    // The run of the server belongs to the connection that the script is sent on.
    await connection.connect()
    const { epoch, n } = this.#seen
    const cursors = (await APPEND.run(connection, {
      keys: [keys.log, keys.logState, keys.groups],
      args: [
        connection.runId,
        epoch,
        n,
        retention.maxBytes,
        cutoffOf(retention),
        keys.eventChannel,
        ...records.flatMap(({ event, json }) => [event.time, json]),
      ],
    })) as Cursor[]
    const last = parsePosition(cursors.at(-1) ?? '')
    if (last !== undefined) this.note(last)
    if (durable) await this.#sync()
    return cursors
  }

  openReader(options: ReaderOptions): EventReader {
    const reader =
      options.group === undefined
        ? new LogReader(this.#place, this, options.from)
        : new GroupReader(this.#place, this, options.from, options.group)
    this.#readers.add(reader)
    return reader
  }

  async clean(retention: Retention, _options?: CleanOptions): Promise<number> {
    const { connection, keys } = this.#place
    const removed = await EXPIRE.run(connection, {
      keys: [keys.log, keys.logState, keys.groups],
      args: [retention.maxBytes, cutoffOf(retention)],
    })
    return Number(removed)
  }

  /** Remembers how far the log is known to go. */
  note(position: LogPosition): void {
    if (comparePositions(position, this.#seen) > 0) this.#seen = position
  }

  forget(reader: EventReader): void {
    this.#readers.delete(reader)
  }

  close(): void {
    for (const reader of [...this.#readers]) reader.close()
  }

  /** Waits until the append-only file has reached the disk, where the server (7.2 or later) has one. */
  async #sync(): Promise<void> {
    const { connection, timeoutMs } = this.#place
    try {
      await connection.call(['WAITAOF', 1, 0, timeoutMs])
    } catch (error) {
      // Older servers, and those without an append-only file, store as their configuration says.
      if (!(error instanceof Error) || !/unknown command|appendonly|WAITAOF/iu.test(error.message))
        throw error
    }
  }
}

function cutoffOf({ retentionMs }: Retention): string {
  const at = Date.now() - retentionMs
  return new Date(Math.max(0, at)).toISOString()
}
