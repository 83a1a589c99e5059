import {
  type Cursor,
  type ElectedLog,
  type EventReader,
  type LeasedLocks,
  type LogPosition,
  parseJson,
  parsePosition,
  parseStart,
  PolledReader,
  type RetryLedger,
  type StartPosition,
  StoredLedger,
  toCursor,
} from '@cli-ops/shared-ipc/driver'

import { hashed } from '../space.js'
import type { EventContext } from './nats-events.js'
import { findPosition, NatsLog } from './nats-log.js'
import type { NatsParking } from './nats-parking.js'

/** A group's cursor as it is stored. */
interface StoredCursor {
  readonly group: string
  readonly cursor: Cursor
}

/** The cursors of groups, and the log as a group's active reader reads it. */
export class NatsGroups implements ElectedLog {
  readonly #context: EventContext
  readonly #parking: NatsParking
  readonly #start: StartPosition | LogPosition
  /** The cursor message of the group that this reader last wrote or took over. */
  #seq: number | undefined
  readonly end: () => void

  /**
   * @param end called when the reader was closed
   * @throws TypeError if the value is not a position
   */
  constructor(context: EventContext, parking: NatsParking, from: StartPosition, end: () => void) {
    this.#context = context
    this.#parking = parking
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
    const { groups } = this.#context
    const subject = this.#subject(group)
    for (;;) {
      const stored = await groups.last(subject)
      // Taking over rewrites the cursor, so that the previous reader can no longer set it.
      const joined = stored === undefined ? cursor : (parseJson(stored.text) as StoredCursor).cursor
      const text = JSON.stringify({ group, cursor: joined } satisfies StoredCursor)
      const seq = await groups.put(subject, text, stored?.seq ?? 0)
      if (seq === undefined) continue
      this.#seq = seq
      return joined
    }
  }

  async commit(group: string, cursor: Cursor, lockId: string): Promise<void> {
    const { groups, groupLocks } = this.#context
    const text = JSON.stringify({ group, cursor } satisfies StoredCursor)
    for (;;) {
      const seq = await groups.put(this.#subject(group), text, this.#seq)
      if (seq !== undefined) {
        this.#seq = seq
        return
      }
      // A standby has joined, or another reader has taken over.
      const info = await groupLocks.inspect(group)
      if (info?.id !== lockId) return
      this.#seq = (await groups.last(this.#subject(group)))?.seq ?? 0
    }
  }

  openReader(cursor: Cursor): EventReader {
    return new PolledReader(new NatsLog(this.#context, cursor))
  }

  openLedger(group: string): RetryLedger {
    return new StoredLedger(this.#parking, group)
  }

  #subject(group: string): string {
    return `${cursorsOf(this.#context)}.${hashed(group)}`
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
