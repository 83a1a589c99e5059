import type { Cursor, EventEnvelope } from '../events/contract/event-types.js'
import type { ParkedEvent } from '../events/contract/parked-event.js'
import type { RetryLedger } from './group-reader.js'

/** Where an engine keeps the attempts and parked events of its groups. */
export interface LedgerStore {
  /** Counts an attempt, and forgets those at events that were handled meanwhile. */
  countAttempt(group: string, cursor: Cursor, finished: readonly Cursor[]): Promise<number>
  park(group: string, parked: ParkedEvent): Promise<void>
  unpark(group: string, event: EventEnvelope): Promise<void>
  /** Those that are to be tried again and not in `taken`, which holds what `parkedKey` gives. */
  retries(group: string, taken: ReadonlySet<string>): Promise<ParkedEvent[]>
  /**
   * Tells that there may be something to be tried again in a group, until the returned function is called; first once it is heard what is
   * asked from then on.
   */
  listen(group: string, listener: () => void): () => void
}

/** Tells a group's parked events apart. A cursor holds no space, so that the rest is the id, whatever it holds. */
export function parkedKey({ cursor, id }: Pick<EventEnvelope, 'cursor' | 'id'>): string {
  return `${cursor} ${id}`
}

/** What the active reader of a group counts, parks, and is asked to try again. */
export class StoredLedger implements RetryLedger {
  readonly #store: LedgerStore
  readonly #group: string
  readonly #stopListening: () => void
  /** Events that were handled, and whose attempts are still counted. */
  #finished: Cursor[] = []
  /** What was handed out to be tried again and is not settled. */
  readonly #taken = new Set<string>()
  /** What was settled while a look was under way. */
  readonly #settled = new Set<string>()
  #found: ParkedEvent[] = []
  #isLooking = false
  #mustLook = false
  #onRetries: () => void = () => undefined

  constructor(store: LedgerStore, group: string) {
    this.#store = store
    this.#group = group
    this.#stopListening = store.listen(group, () => {
      this.#look()
    })
  }

  get hasRetries(): boolean {
    return this.#found.length > 0
  }

  onRetries(listener: () => void): void {
    this.#onRetries = listener
  }

  takeRetries(): ParkedEvent[] {
    return this.#found.splice(0)
  }

  async countAttempt(cursor: Cursor): Promise<number> {
    const finished = this.#finished
    this.#finished = []
    return this.#store.countAttempt(this.#group, cursor, finished)
  }

  finish(cursor: Cursor): void {
    this.#finished.push(cursor)
  }

  async park(parked: ParkedEvent): Promise<void> {
    await this.#store.park(this.#group, parked)
    this.#settle(parked.event)
  }

  async unpark(event: EventEnvelope): Promise<void> {
    await this.#store.unpark(this.#group, event)
    this.#settle(event)
  }

  close(): void {
    this.#stopListening()
  }

  #settle(event: EventEnvelope): void {
    const key = parkedKey(event)
    this.#taken.delete(key)
    // A look that is under way may have seen it still.
    if (this.#isLooking) this.#settled.add(key)
  }

  /** Looks what is to be tried again; one at a time, so that nothing is found twice. */
  #look(): void {
    this.#mustLook = true
    if (this.#isLooking) return
    this.#mustLook = false
    this.#isLooking = true
    this.#settled.clear()
    this.#store
      .retries(this.#group, this.#taken)
      .then(
        (retries) => {
          const found = retries.filter(({ event }) => !this.#settled.has(parkedKey(event)))
          for (const { event } of found) this.#taken.add(parkedKey(event))
          this.#found.push(...found)
          if (this.#found.length > 0) this.#onRetries()
        },
        // The engine is away; the store says when it is back.
        () => undefined,
      )
      .finally(() => {
        this.#isLooking = false
        if (this.#mustLook) this.#look()
      })
      .catch(() => undefined)
  }
}
