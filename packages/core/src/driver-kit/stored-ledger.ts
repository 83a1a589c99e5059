import type { Cursor, EventEnvelope } from '../events/contract/event-types.js'
import type { ParkedEvent } from '../events/contract/parked-event.js'
import type { RetryLedger } from './group-reader.js'

/** An engine's store for the attempts and parked events of its groups. */
export interface LedgerStore {
  /** Counts an attempt, and forgets the attempts at events that have been handled. */
  countAttempt(group: string, cursor: Cursor, finished: readonly Cursor[]): Promise<number>
  park(group: string, parked: ParkedEvent): Promise<void>
  unpark(group: string, event: EventEnvelope): Promise<void>
  /** Returns the events to retry that are not in `taken`, a set of `parkedKey` results. */
  retries(group: string, taken: ReadonlySet<string>): Promise<ParkedEvent[]>
  /**
   * Calls the listener when a group might have events to retry, until the returned function is called. The first call comes once later
   * requests will be noticed.
   */
  listen(group: string, listener: () => void): () => void
}

/** Returns the key of a parked event in its group. A cursor contains no spaces, so the rest is the id, whatever it contains. */
export function parkedKey({ cursor, id }: Pick<EventEnvelope, 'cursor' | 'id'>): string {
  return `${cursor} ${id}`
}

/** The attempts, parked events and retries of a group's active reader. */
export class StoredLedger implements RetryLedger {
  readonly #store: LedgerStore
  readonly #group: string
  readonly #stopListening: () => void
  /** Handled events whose attempts are still counted. */
  #finished: Cursor[] = []
  /** Retries that were handed out and are not settled. */
  readonly #taken = new Set<string>()
  /** Events settled during a running query. */
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
    // A running query might still have seen it.
    if (this.#isLooking) this.#settled.add(key)
  }

  /** Queries the events to retry; one query at a time, so that no event is found twice. */
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
        // The engine is unavailable; the store reports when it is back.
        () => undefined,
      )
      .finally(() => {
        this.#isLooking = false
        if (this.#mustLook) this.#look()
      })
      .catch(() => undefined)
  }
}
