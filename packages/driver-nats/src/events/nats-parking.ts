import {
  type Cursor,
  type EventEnvelope,
  type EventParking,
  type LedgerStore,
  NOWHERE,
  comparePositions,
  type ParkedCount,
  parkedKey,
  type ParkedEvent,
  parseJson,
  parsePosition,
} from '@cli-ops/shared-ipc/driver'

import { hashed, told } from '../space.js'
import type { StoredMessage } from '../store/stream.js'
import type { EventContext } from './nats-events.js'

const MAX_LISTED = 64

/** A parked event as it is stored. */
interface StoredParked extends Omit<ParkedEvent, 'retry'> {
  readonly group: string
  readonly retry?: boolean
}

/** The attempts and parked events of all groups. */
export class NatsParking implements EventParking, LedgerStore {
  readonly #context: EventContext

  constructor(context: EventContext) {
    this.#context = context
  }

  async groups(): Promise<ParkedCount[]> {
    const counts = new Map<string, { subject: string; count: number }>()
    for (const subject of await this.#context.groups.subjects(`${this.#parked}.>`)) {
      const token = subject.split('.')[4] ?? ''
      const count = (counts.get(token)?.count ?? 0) + 1
      counts.set(token, { subject, count })
    }
    const named = await Promise.all(
      [...counts.values()].map(async ({ subject, count }) => {
        const stored = await this.#context.groups.last(subject)
        return stored === undefined ? [] : [{ group: read(stored).group, count }]
      }),
    )
    return named.flat().sort((one, other) => (one.group < other.group ? -1 : 1))
  }

  async list(group: string, after?: ParkedEvent): Promise<ParkedEvent[]> {
    const all = await this.#all(group)
    const behind = after === undefined ? all : all.filter((parked) => compare(parked, after) > 0)
    return behind.slice(0, MAX_LISTED)
  }

  async retries(group: string, taken: ReadonlySet<string>): Promise<ParkedEvent[]> {
    const all = await this.#all(group)
    return all
      .filter(({ event, retry }) => retry && !taken.has(parkedKey(event)))
      .slice(0, MAX_LISTED)
  }

  async retry(group: string, id?: string): Promise<number> {
    const { connection, groups, space } = this.#context
    let count = 0
    for (const stored of await groups.lastOfEach(this.#filter(group, id))) {
      const text = JSON.stringify({ ...read(stored), retry: true })
      if ((await groups.put(stored.subject, text, stored.seq)) !== undefined) count += 1
    }
    if (count > 0) connection.hint(told.parked(space), group)
    return count
  }

  async drop(group: string, id: string): Promise<number> {
    const { groups } = this.#context
    let count = 0
    for (const stored of await groups.lastOfEach(this.#filter(group, id))) {
      if (!(await groups.remove(stored.seq))) continue
      count += 1
      await this.#forget(group, read(stored).event.cursor)
    }
    return count
  }

  async countAttempt(group: string, cursor: Cursor, finished: readonly Cursor[]): Promise<number> {
    const { stream } = this.#context.store
    const others = finished.filter((each) => each !== cursor)
    await Promise.all(others.map((each) => this.#forget(group, each)))
    const subject = this.#attempts(group, cursor)
    for (;;) {
      const stored = await stream.last(subject)
      const count = Number(stored?.text ?? 0) + 1
      if ((await stream.put(subject, String(count), stored?.seq ?? 0)) !== undefined) return count
    }
  }

  async park(group: string, { event, attempts, error, parkedAt }: ParkedEvent): Promise<void> {
    const text = JSON.stringify({ group, attempts, error, parkedAt, event })
    await this.#context.groups.put(this.#subject(group, event), text)
    await this.#forget(group, event.cursor)
  }

  async unpark(group: string, event: EventEnvelope): Promise<void> {
    await this.#context.groups.purge({ filter: this.#subject(group, event) })
    await this.#forget(group, event.cursor)
  }

  listen(group: string, listener: () => void): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(told.parked(space), {
      onMessage: (asked) => {
        if (asked === group) listener()
      },
      // Retries requested earlier, or while no process was listening.
      onReady: listener,
    })
  }

  /** Returns the parked events in log order. */
  async #all(group: string): Promise<ParkedEvent[]> {
    const stored = await this.#context.groups.lastOfEach(this.#filter(group))
    return stored
      .map((message) => {
        const { group: _group, retry = false, ...parked } = read(message)
        return { ...parked, retry }
      })
      .sort(compare)
  }

  async #forget(group: string, cursor: Cursor): Promise<void> {
    await this.#context.store.stream.purge({ filter: this.#attempts(group, cursor) })
  }

  get #parked(): string {
    return `cli_ops.g.${this.#context.space}.p`
  }

  #filter(group: string, id?: string): string {
    return `${this.#parked}.${hashed(group)}.*.${id === undefined ? '*' : hashed(id)}`
  }

  #subject(group: string, { cursor, id }: EventEnvelope): string {
    return `${this.#parked}.${hashed(group)}.${cursor}.${hashed(id)}`
  }

  #attempts(group: string, cursor: Cursor): string {
    return `cli_ops.s.${this.#context.space}.attempt.${hashed(group)}.${cursor}`
  }
}

function read({ text }: StoredMessage): StoredParked {
  return parseJson(text) as StoredParked
}

function compare({ event: one }: ParkedEvent, { event: other }: ParkedEvent): number {
  return (
    comparePositions(positionOf(one.cursor), positionOf(other.cursor)) ||
    (one.id < other.id ? -1 : Number(one.id > other.id))
  )
}

function positionOf(cursor: Cursor) {
  return parsePosition(cursor) ?? NOWHERE
}
