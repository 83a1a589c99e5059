import { copyOf } from '../../base/validation/copy-of.js'
import type { ParkedEvent } from '../../events/contract/parked-event.js'
import type { Cursor, EventEnvelope } from '../../events/contract/event-types.js'
import type { EventParking, GroupLedger } from '../../events/contract/event-driver.js'

const MAX_LISTED = 64

/** The attempts and parked events of one group, kept as long as the process. Readers get copies. */
export class MemoryLedger implements GroupLedger {
  readonly #attempts = new Map<Cursor, number>()
  readonly #parked = new Map<Cursor, ParkedEvent>()
  /** Parked events handed out for a retry and not settled yet. */
  readonly #taken = new Set<Cursor>()

  get count(): number {
    return this.#parked.size
  }

  countAttempt(cursor: Cursor): number {
    const attempts = (this.#attempts.get(cursor) ?? 0) + 1
    this.#attempts.set(cursor, attempts)
    return attempts
  }

  /** Forgets the attempts at a handled event. */
  finish(cursor: Cursor): void {
    this.#attempts.delete(cursor)
  }

  park(parked: ParkedEvent): void {
    const { cursor } = parked.event
    this.finish(cursor)
    this.#taken.delete(cursor)
    this.#parked.set(cursor, { ...copyOf(parked), retry: false })
  }

  unpark({ cursor }: EventEnvelope): void {
    this.finish(cursor)
    this.#taken.delete(cursor)
    this.#parked.delete(cursor)
  }

  /** A new reader also receives what the previous one has not settled. */
  begin(): void {
    this.#taken.clear()
  }

  takeRetries(): ParkedEvent[] {
    const retries = this.#inOrder().filter(
      ({ retry, event }) => retry && !this.#taken.has(event.cursor),
    )
    for (const { event } of retries) this.#taken.add(event.cursor)
    return copyOf(retries)
  }

  list(after: ParkedEvent | undefined): ParkedEvent[] {
    const last = after === undefined ? -1 : Number(after.event.cursor)
    const listed = this.#inOrder().filter(({ event }) => Number(event.cursor) > last)
    return copyOf(listed.slice(0, MAX_LISTED))
  }

  retry(id: string | undefined): number {
    const asked = this.#of(id)
    for (const parked of asked) this.#parked.set(parked.event.cursor, { ...parked, retry: true })
    return asked.length
  }

  drop(id: string): number {
    const dropped = this.#of(id)
    for (const { event } of dropped) this.#parked.delete(event.cursor)
    return dropped.length
  }

  #of(id: string | undefined): ParkedEvent[] {
    return this.#inOrder().filter(({ event }) => id === undefined || event.id === id)
  }

  #inOrder(): ParkedEvent[] {
    return [...this.#parked.values()].sort(
      (one, other) => Number(one.event.cursor) - Number(other.event.cursor),
    )
  }
}

/** Creates the view of all groups' ledgers. */
export function createMemoryParking(
  ledgers: () => Iterable<readonly [string, MemoryLedger]>,
  wake: () => void,
): EventParking {
  const ledgerOf = (group: string): MemoryLedger | undefined => new Map(ledgers()).get(group)
  return {
    groups: () =>
      [...ledgers()]
        .map(([group, { count }]) => ({ group, count }))
        .filter(({ count }) => count > 0),
    list: (group, after) => ledgerOf(group)?.list(after) ?? [],
    retry(group, id) {
      const count = ledgerOf(group)?.retry(id) ?? 0
      if (count > 0) wake()
      return count
    },
    drop: (group, id) => ledgerOf(group)?.drop(id) ?? 0,
  }
}
