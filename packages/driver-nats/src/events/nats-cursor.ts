import { type Cursor, type GroupCursor, parseJson } from '@cli-ops/shared-ipc/driver'

import { hashed } from '../space.js'
import type { EventContext } from './nats-events.js'

/** A group's cursor as it is stored. */
interface StoredCursor {
  readonly group: string
  readonly cursor: Cursor
}

/** The cursor of a group, for one reader. */
export class NatsCursor implements GroupCursor {
  readonly #context: EventContext
  readonly #group: string
  /** The cursor message that this reader last wrote or took over. */
  #seq: number | undefined

  constructor(context: EventContext, group: string) {
    this.#context = context
    this.#group = group
  }

  async join(cursor: Cursor): Promise<Cursor> {
    const { groups } = this.#context
    for (;;) {
      const stored = await groups.last(this.#subject)
      // Taking over rewrites the cursor, so that the previous reader can no longer set it.
      const joined = stored === undefined ? cursor : (parseJson(stored.text) as StoredCursor).cursor
      const seq = await this.#put(joined, stored?.seq ?? 0)
      if (seq === undefined) continue
      this.#seq = seq
      return joined
    }
  }

  async commit(cursor: Cursor, lockId: string): Promise<void> {
    const { groups, groupLocks } = this.#context
    for (;;) {
      const seq = await this.#put(cursor, this.#seq)
      if (seq !== undefined) {
        this.#seq = seq
        return
      }
      // A standby has joined, or another reader has taken over.
      const info = await groupLocks.inspect(this.#group)
      if (info?.id !== lockId) return
      this.#seq = (await groups.last(this.#subject))?.seq ?? 0
    }
  }

  get #subject(): string {
    return `${cursorsOf(this.#context)}.${hashed(this.#group)}`
  }

  #put(cursor: Cursor, expectedSeq: number | undefined): Promise<number | undefined> {
    const text = JSON.stringify({ group: this.#group, cursor } satisfies StoredCursor)
    return this.#context.groups.put(this.#subject, text, expectedSeq)
  }
}

/** Returns the cursors of all groups of a namespace. */
export async function groupCursors(context: EventContext): Promise<Cursor[]> {
  const stored = await context.groups.lastOfEach(`${cursorsOf(context)}.*`)
  return stored.map(({ text }) => (parseJson(text) as StoredCursor).cursor)
}

function cursorsOf({ space }: Pick<EventContext, 'space'>): string {
  return `cli_ops.g.${space}.c`
}
