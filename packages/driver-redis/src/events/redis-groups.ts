import {
  type Cursor,
  type ElectedLog,
  type EventReader,
  type LeasedLocks,
  type LogPosition,
  parsePosition,
  parseStart,
  PolledReader,
  type RetryLedger,
  type StartPosition,
  StoredLedger,
  toCursor,
} from '@cli-ops/shared-ipc/driver'

import { COMMIT, JOIN } from './event-scripts.js'
import type { EventContext, RedisEvents } from './redis-events.js'
import { findPosition, RedisLog } from './redis-log.js'

/** The cursors of groups, and the log as a group's active reader reads it. */
export class RedisGroups implements ElectedLog {
  readonly #context: EventContext
  readonly #events: RedisEvents
  readonly #start: StartPosition | LogPosition
  readonly end: () => void

  /**
   * @param end called when the reader was closed
   * @throws TypeError if the value is not a position
   */
  constructor(context: EventContext, events: RedisEvents, from: StartPosition, end: () => void) {
    this.#context = context
    this.#events = events
    this.#start = parseStart(from, parsePosition)
    this.end = end
  }

  get locks(): LeasedLocks {
    return this.#context.groupLocks
  }

  async begin(): Promise<Cursor> {
    return toCursor(await findPosition(this.#context, this.#start))
  }

  async join(group: string, cursor: Cursor): Promise<Cursor> {
    const { connection, keys } = this.#context
    const committed = await JOIN.run(connection, {
      keys: [keys.log, keys.logState, keys.groups],
      args: [group, cursor],
    })
    return String(committed) as Cursor
  }

  async commit(group: string, cursor: Cursor, lockId: string): Promise<void> {
    const { connection, keys } = this.#context
    const holders = `${keys.locks('group')}holders:${group}`
    await COMMIT.run(connection, {
      keys: [keys.log, keys.logState, keys.groups, holders],
      args: [group, cursor, `x:${lockId}`],
    })
  }

  openReader(cursor: Cursor): EventReader {
    return new PolledReader(new RedisLog(this.#context, this.#events, cursor))
  }

  openLedger(group: string): RetryLedger {
    return new StoredLedger(this.#events.parking, group)
  }
}
