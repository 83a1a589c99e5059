import type { Cursor, GroupCursor } from '@cli-ops/shared-ipc/driver'

import { COMMIT, JOIN } from './event-scripts.js'
import type { EventContext } from './redis-events.js'

/** The cursor of a group. */
export class RedisCursor implements GroupCursor {
  readonly #context: EventContext
  readonly #group: string

  constructor(context: EventContext, group: string) {
    this.#context = context
    this.#group = group
  }

  async join(cursor: Cursor): Promise<Cursor> {
    const { connection, keys } = this.#context
    const committed = await JOIN.run(connection, {
      keys: [keys.log, keys.logState, keys.groups],
      args: [this.#group, cursor],
    })
    return String(committed) as Cursor
  }

  async commit(cursor: Cursor, lockId: string): Promise<void> {
    const { connection, keys } = this.#context
    const holders = `${keys.locks('group')}holders:${this.#group}`
    await COMMIT.run(connection, {
      keys: [keys.log, keys.logState, keys.groups, holders],
      args: [this.#group, cursor, `x:${lockId}`],
    })
  }
}
