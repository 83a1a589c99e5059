import {
  type Cursor,
  type GroupCursor,
  NOWHERE,
  parsePosition,
  toCursor,
} from '@cli-ops/shared-ipc/driver'

import type { EventContext } from './postgres-events.js'

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

/** The cursor of a group. */
export class PostgresCursor implements GroupCursor {
  readonly #context: EventContext
  readonly #group: string

  constructor(context: EventContext, group: string) {
    this.#context = context
    this.#group = group
  }

  async join(cursor: Cursor): Promise<Cursor> {
    const { connection, space } = this.#context
    const { epoch, n } = parsePosition(cursor) ?? NOWHERE
    const [row] = await connection.query<{ epoch: string; n: string }>(JOIN, [
      space.key,
      this.#group,
      epoch,
      n,
    ])
    // Two processes joined together: the other one stored its cursor after this statement took its snapshot.
    if (row === undefined) return this.join(cursor)
    return toCursor({ epoch: Number(row.epoch), n: Number(row.n) })
  }

  async commit(cursor: Cursor, lockId: string): Promise<void> {
    const { connection, space } = this.#context
    const { epoch, n } = parsePosition(cursor) ?? NOWHERE
    await connection.query(COMMIT, [space.key, this.#group, epoch, n, lockId])
  }
}
