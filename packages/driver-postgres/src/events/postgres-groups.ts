import {
  type Cursor,
  type ElectedLog,
  type EventReader,
  type LeasedLocks,
  type LogPosition,
  NOWHERE,
  parsePosition,
  parseStart,
  PolledReader,
  type RetryLedger,
  type StartPosition,
  StoredLedger,
  toCursor,
} from '@cli-ops/shared-ipc/driver'

import type { EventContext, PostgresEvents } from './postgres-events.js'
import { findPosition, PostgresLog } from './postgres-log.js'

const JOIN = `
with made as (
  insert into cli_ops.consumer (space, name, epoch, n) values ($1, $2, $3, $4)
  on conflict (space, name) do nothing returning epoch, n
)
select epoch, n from made union all select epoch, n from cli_ops.consumer where space = $1 and name = $2 limit 1`

const COMMIT = `
update cli_ops.consumer c set epoch = $3, n = $4
where c.space = $1 and c.name = $2 and exists (
  select from cli_ops.claim l where l.space = $1 and l.kind = 'group' and l.id = $5 and l.token is not null)`

/** The cursors of groups, and the log as a group's active reader reads it. */
export class PostgresGroups implements ElectedLog {
  readonly #context: EventContext
  readonly #events: PostgresEvents
  readonly #start: StartPosition | LogPosition
  readonly end: () => void

  /**
   * @param end called when the reader was closed
   * @throws TypeError if the value is not a position
   */
  constructor(context: EventContext, events: PostgresEvents, from: StartPosition, end: () => void) {
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
    const { connection, space } = this.#context
    const { epoch, n } = parsePosition(cursor) ?? NOWHERE
    const [row] = await connection.query<{ epoch: string; n: string }>(JOIN, [
      space.key,
      group,
      epoch,
      n,
    ])
    // Two processes joined together: the other one stored its cursor after this statement took its snapshot.
    if (row === undefined) return this.join(group, cursor)
    return toCursor({ epoch: Number(row.epoch), n: Number(row.n) })
  }

  async commit(group: string, cursor: Cursor, lockId: string): Promise<void> {
    const { connection, space } = this.#context
    const { epoch, n } = parsePosition(cursor) ?? NOWHERE
    await connection.query(COMMIT, [space.key, group, epoch, n, lockId])
  }

  openReader(cursor: Cursor): EventReader {
    return new PolledReader(new PostgresLog(this.#context, this.#events, cursor))
  }

  openLedger(group: string): RetryLedger {
    return new StoredLedger(this.#events.parking, group)
  }
}
