import {
  comparePositions,
  type Cursor,
  type EventEnvelope,
  type EventParking,
  type LedgerStore,
  NOWHERE,
  type ParkedCount,
  type ParkedEvent,
  parkedKey,
  parseJson,
  parsePosition,
} from '@cli-ops/shared-ipc/driver'

import { CONTENTS, COUNT_ATTEMPT, FIELDS, GROUPS, PARK, RETRY, UNPARK } from './parking-scripts.js'
import type { EventContext } from './redis-events.js'

const MAX_LISTED = 64

/** The attempts and parked events of all groups. `parking-scripts.ts` describes the keys. */
export class RedisParking implements EventParking, LedgerStore {
  readonly #context: EventContext

  constructor(context: EventContext) {
    this.#context = context
  }

  async groups(): Promise<ParkedCount[]> {
    const { connection, keys } = this.#context
    const reply = (await GROUPS.run(connection, {
      keys: [keys.parking],
      args: [keys.parked('')],
    })) as (string | number)[]
    const counts: ParkedCount[] = []
    for (let at = 0; at + 1 < reply.length; at += 2)
      if (Number(reply[at + 1]) > 0)
        counts.push({ group: String(reply[at]), count: Number(reply[at + 1]) })
    return counts
  }

  async list(group: string, after?: ParkedEvent): Promise<ParkedEvent[]> {
    const last = after && positionOf(parkedKey(after.event))
    const { fields, retries } = await this.#fields(group)
    const behind = fields.filter(
      (field) => last === undefined || comparePositions(positionOf(field), last) > 0,
    )
    return this.#read(group, behind.slice(0, MAX_LISTED), retries)
  }

  /** Returns the events to retry that are not in `taken`. */
  async retries(group: string, taken: ReadonlySet<string>): Promise<ParkedEvent[]> {
    const { fields, retries } = await this.#fields(group)
    const asked = fields.filter((field) => retries.has(field) && !taken.has(field))
    return this.#read(group, asked.slice(0, MAX_LISTED), retries)
  }

  async retry(group: string, id?: string): Promise<number> {
    const { connection, keys } = this.#context
    const { fields } = await this.#fields(group)
    const asked = fields.filter((field) => id === undefined || idOf(field) === id)
    if (asked.length === 0) return 0
    const count = await RETRY.run(connection, {
      keys: [keys.parked(group), keys.retries(group)],
      args: [keys.parkingChannel, group, ...asked],
    })
    return Number(count)
  }

  async drop(group: string, id: string): Promise<number> {
    const { fields } = await this.#fields(group)
    return this.#remove(
      group,
      fields.filter((field) => idOf(field) === id),
    )
  }

  /** Counts an attempt, and forgets attempts at events handled meanwhile. */
  async countAttempt(group: string, cursor: Cursor, finished: readonly Cursor[]): Promise<number> {
    const { connection, keys } = this.#context
    const count = await COUNT_ATTEMPT.run(connection, {
      keys: [keys.attempts(group)],
      args: [cursor, ...finished],
    })
    return Number(count)
  }

  async park(group: string, { event, attempts, error, parkedAt }: ParkedEvent): Promise<void> {
    const json = JSON.stringify({ attempts, error, parkedAt, event })
    await PARK.run(this.#context.connection, {
      keys: this.#keysOf(group),
      args: [event.cursor, parkedKey(event), json, group],
    })
  }

  async unpark(group: string, event: EventEnvelope): Promise<void> {
    await this.#remove(group, [parkedKey(event)])
  }

  listen(group: string, listener: () => void): () => void {
    const { subscriber, keys } = this.#context
    return subscriber.listen(keys.parkingChannel, {
      onMessage: (asked) => {
        if (asked === group) listener()
      },
      // Retries requested earlier, or while no process was listening.
      onReady: listener,
    })
  }

  async #remove(group: string, fields: readonly string[]): Promise<number> {
    if (fields.length === 0) return 0
    const removed = await UNPARK.run(this.#context.connection, {
      keys: this.#keysOf(group),
      args: [group, ...fields.flatMap((field) => [cursorOf(field), field])],
    })
    return Number(removed)
  }

  async #fields(
    group: string,
  ): Promise<{ readonly fields: string[]; readonly retries: ReadonlySet<string> }> {
    const { connection, keys } = this.#context
    const [fields, retries] = (await FIELDS.run(connection, {
      keys: [keys.parked(group), keys.retries(group)],
      args: [],
    })) as [string[], string[]]
    fields.sort((one, other) => comparePositions(positionOf(one), positionOf(other)))
    return { fields, retries: new Set(retries) }
  }

  async #read(
    group: string,
    fields: readonly string[],
    retries: ReadonlySet<string>,
  ): Promise<ParkedEvent[]> {
    if (fields.length === 0) return []
    const { connection, keys } = this.#context
    const contents = (await CONTENTS.run(connection, {
      keys: [keys.parked(group)],
      args: [...fields],
    })) as (string | null)[]
    return fields.flatMap((field, index) => {
      const json = contents[index]
      // Dropped meanwhile.
      if (typeof json !== 'string') return []
      return [{ ...(parseJson(json) as ParkedEvent), retry: retries.has(field) }]
    })
  }

  #keysOf(group: string): string[] {
    const { keys } = this.#context
    return [keys.attempts(group), keys.parked(group), keys.retries(group), keys.parking]
  }
}

function cursorOf(field: string): string {
  return field.slice(0, field.indexOf(' '))
}

function idOf(field: string): string {
  return field.slice(field.indexOf(' ') + 1)
}

function positionOf(field: string): NonNullable<ReturnType<typeof parsePosition>> {
  return parsePosition(cursorOf(field)) ?? NOWHERE
}
