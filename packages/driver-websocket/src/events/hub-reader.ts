import {
  CliOpsError,
  type Cursor,
  type EventBatch,
  type EventEnvelope,
  type EventGap,
  type EventReader,
  type GroupLedger,
  isCliOpsError,
  type ParkedEvent,
  type ReaderOptions,
  setTimeout,
  type StartPosition,
  Waiters,
} from '@cli-ops/shared-ipc/driver'

import type { HubConnection } from '../connection/hub-connection.js'
import type { HubEvents } from './hub-events.js'
import { HubLedger } from './hub-parking.js'

/** How many events a hub can send before the reader takes some. */
const CREDIT = 1024
/** A group that commits nothing would only use up more memory. */
const MAX_UNCOMMITTED = 10_000
/** The pause before a reader that failed to reopen is tried again. */
const RETRY_MS = 100

/**
 * Reads the log behind a hub. The hub sends only as many events as there is credit for. After a disconnection the
 * reader continues after what it has received; a group continues at its cursor, without what this reader has already
 * handed out.
 */
export class HubReader implements EventReader {
  readonly ready: Promise<void>
  readonly #connection: HubConnection
  readonly #events: HubEvents
  readonly #group: string | undefined
  readonly #batches: EventBatch[] = []
  readonly #waiters = new Waiters()
  /** Cursors handed out but not committed, in order. */
  readonly #uncommitted = new Set<string>()
  readonly #closing = new AbortController()
  #from: StartPosition
  #id: number
  #isOpen = false
  #opening: Promise<void> | undefined
  #spent = 0
  #failure: unknown
  #ledger: HubLedger | undefined
  #position: Cursor | undefined
  #becomeReady: () => void = () => undefined
  #failReady: (error: unknown) => void = () => undefined

  constructor(connection: HubConnection, { from, group }: ReaderOptions, events: HubEvents) {
    if (from instanceof Date && Number.isNaN(from.getTime())) {
      throw new TypeError('from must be a valid date, got Invalid Date')
    }
    this.#connection = connection
    this.#events = events
    this.#group = group
    this.#from = from
    this.#id = events.enrol(this)
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve
      this.#failReady = reject
    })
    this.ready.catch(() => undefined)
    this.resume()
  }

  get position(): Cursor | undefined {
    return this.#position
  }

  get ledger(): GroupLedger | undefined {
    if (this.#group === undefined || !this.#isOpen) return undefined
    return (this.#ledger ??= new HubLedger(this.#connection, this.#id))
  }

  poll(): EventBatch | undefined {
    const batch = this.#batches.shift()
    if (batch === undefined) return undefined
    this.#position = positionBehind(batch) ?? this.#position
    if (this.#group !== undefined) this.#note(batch.events)
    this.#spent += batch.events.length
    if (this.#spent >= CREDIT / 2 && this.#isOpen) {
      this.#connection.notify('events.credit', { reader: this.#id, count: this.#spent })
      this.#spent = 0
    }
    return batch
  }

  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#batches.length > 0) return
    if (this.#failure !== undefined) throw this.#failure as Error
    if (this.#closing.signal.aborted) throw this.#closing.signal.reason as Error
    await this.#waiters.wait(signal)
    signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure as Error
  }

  async commit(cursor: Cursor): Promise<void> {
    if (this.#group === undefined || !this.#isOpen) return
    const params = { reader: this.#id, cursor }
    await this.#connection.call('events.commit', params, { repeat: 'never' })
    if (!this.#uncommitted.has(cursor)) return
    for (const each of this.#uncommitted) {
      this.#uncommitted.delete(each)
      if (each === cursor) return
    }
  }

  close(): void {
    if (this.#closing.signal.aborted) return
    const reason = new CliOpsError('CLOSED', 'the reader was closed')
    this.#closing.abort(reason)
    this.#connection.notify('events.close', { reader: this.#id })
    this.#events.dismiss(this.#id)
    this.#batches.length = 0
    this.#failReady(reason)
    this.#waiters.wake()
  }

  /** Opens the reader at the hub, unless it is already opening. */
  resume(): void {
    if (this.#isOpen || this.#opening !== undefined || this.#closing.signal.aborted) return
    if (this.#failure !== undefined) return
    this.#opening = this.#open()
      .catch((error: unknown) => {
        this.#onFailure(error)
      })
      .finally(() => {
        this.#opening = undefined
        // The connection was lost while the reader was opening, and there is already a new one; or the hub cannot read
        // its store now.
        if (!this.#isOpen && this.#connection.live !== undefined)
          setTimeout(() => this.resume(), RETRY_MS).unref()
      })
  }

  onLost(): void {
    this.#isOpen = false
    this.#spent = 0
    // The group's other readers might be given these now.
    if (this.#group !== undefined) this.#batches.length = 0
  }

  onBatch(params: Readonly<Record<string, unknown>>): void {
    if (this.#closing.signal.aborted) return
    const received = params['events'] as EventEnvelope[]
    const events =
      this.#uncommitted.size === 0
        ? received
        : received.filter(({ cursor }) => !this.#uncommitted.has(cursor))
    const gap = params['gap'] as EventGap | undefined
    const retries = params['retries'] as ParkedEvent[] | undefined
    const batch = { events, ...(gap && { gap }), ...(retries && { retries }) }
    // Skipped events use up credit all the same.
    this.#spent += received.length - events.length
    this.#from = positionBehind({ ...batch, events: received }) ?? this.#from
    if (gap === undefined && retries === undefined && events.length === 0) return
    this.#batches.push(batch)
    this.#waiters.wake()
  }

  async #open(): Promise<void> {
    this.#events.dismiss(this.#id)
    this.#id = this.#events.enrol(this)
    this.#ledger = undefined
    const from = this.#from instanceof Date ? { date: this.#from.toISOString() } : this.#from
    const group = this.#group
    // A group's reader can stand by indefinitely.
    const timeoutMs = group === undefined ? this.#connection.options.timeoutMs : Infinity
    if (group !== undefined) await this.#connection.connect(this.#closing.signal)
    const { cursor } = (await this.#connection.call(
      'events.open',
      { reader: this.#id, from, group, credit: CREDIT },
      { timeoutMs, signal: this.#closing.signal, repeat: 'never' },
    )) as { readonly cursor?: Cursor }
    if (this.#closing.signal.aborted) return
    this.#isOpen = this.#connection.live !== undefined
    if (cursor !== undefined && this.#batches.length === 0) {
      this.#position ??= cursor
      if (this.#group === undefined && typeof this.#from !== 'string') this.#from = cursor
      if (this.#from === 'latest' || this.#from === 'earliest') this.#from = cursor
    }
    this.#becomeReady()
  }

  #onFailure(error: unknown): void {
    if (this.#closing.signal.aborted) return
    // A reader that has been open continues when the hub, or its store, is back; a standby when the hub is.
    const wasReady = this.#position !== undefined
    if (wasReady && isCliOpsError(error) && error.retryable) return
    if (this.#group !== undefined && isCliOpsError(error, 'ENGINE_UNAVAILABLE')) return
    this.#failure = error
    this.#failReady(error)
    this.#events.dismiss(this.#id)
    this.#waiters.wake()
  }

  #note(events: readonly EventEnvelope[]): void {
    for (const { cursor } of events) this.#uncommitted.add(cursor)
    for (const oldest of this.#uncommitted) {
      if (this.#uncommitted.size <= MAX_UNCOMMITTED) return
      this.#uncommitted.delete(oldest)
    }
  }
}

function positionBehind({ gap, events }: EventBatch): Cursor | undefined {
  return events.at(-1)?.cursor ?? gap?.resumeAt
}
