import {
  type AppendOptions,
  type ChannelListener,
  CliOpsError,
  type Cursor,
  describeEngine,
  type EventLogEngine,
  type EventRecord,
  type LeasedLocks,
  type LogFetch,
  type LogPosition,
  type PolledReader,
  type Retention,
  toCursor,
} from '@cli-ops/shared-ipc/driver'

import type { NatsConnection } from '../connection/nats-connection.js'
import type { Subscriber } from '../connection/notifications.js'
import { type Space, told } from '../space.js'
import type { LeaseStore } from '../store/lease-store.js'
import type { Stream } from '../store/stream.js'
import { expire } from './expire.js'
import { NatsCursor } from './nats-cursor.js'
import { endsOf, fetchAfter, findPosition, offerStored } from './nats-log.js'
import { NatsParking } from './nats-parking.js'

/** Where events are stored. */
export interface EventContext {
  readonly connection: NatsConnection
  readonly subscriber: Subscriber
  readonly url: URL
  readonly space: Space
  /** The events of the namespace. */
  readonly log: Stream
  /** Cursors and parked events of all namespaces. */
  readonly groups: Stream
  readonly store: LeaseStore
  /** The locks that elect a group's active reader. */
  readonly groupLocks: LeasedLocks
}

/** What the server adds to a message's size: subject and headers. */
const OVERHEAD_BYTES = 128
const EXPIRE_EVERY = 64
/** The number of copies of which a majority survives the loss of a machine. */
const DURABLE_REPLICAS = 3

/**
 * Events as messages of a stream; their sequence is their position. The server republishes stored messages on another
 * subject. A reader takes events that directly follow its position from there, and fetches everything else.
 */
export class NatsEvents implements EventLogEngine {
  readonly parking: NatsParking
  readonly #context: EventContext
  #epoch: number | undefined
  /** The last sequence that this process has stored: a lower one belongs to another stream. */
  #lastSeq = 0
  #sinceExpired = { count: EXPIRE_EVERY, bytes: 0 }

  constructor(context: EventContext) {
    this.#context = context
    this.parking = new NatsParking(context)
  }

  async append(
    records: readonly EventRecord[],
    { retention, durable }: AppendOptions,
  ): Promise<Cursor[]> {
    await this.#assertFits(records)
    if (durable) await this.#assertDurable()
    const { log, space } = this.#context
    const jsons = records.map(({ json }) => json)
    const seqs = await log.putAll(`cli_ops.e.${space}`, jsons)
    if (this.#epoch === undefined || (seqs[0] ?? 0) <= this.#lastSeq)
      this.#epoch = (await endsOf(this.#context)).epoch
    const epoch = this.#epoch
    this.#lastSeq = seqs.at(-1) ?? 0
    await this.#expireNowAndThen(jsons, retention)
    return seqs.map((n) => toCursor({ epoch, n }))
  }

  clean(retention: Retention): Promise<number> {
    return expire(this.#context, retention)
  }

  find(start: 'latest' | 'earliest' | Date): Promise<LogPosition> {
    return findPosition(this.#context, start)
  }

  fetch(from: LogPosition): Promise<LogFetch> {
    return fetchAfter(this.#context, from)
  }

  listen(listener: ChannelListener): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(told.events(space), listener)
  }

  offer(reader: PolledReader<LogPosition>, message: string): void {
    offerStored(reader, message)
  }

  openCursor(group: string): NatsCursor {
    return new NatsCursor(this.#context, group)
  }

  /** Checked before anything is sent: after a refused event, none of the later ones may be stored. */
  async #assertFits(records: readonly EventRecord[]): Promise<void> {
    const maxBytes = await this.#context.connection.call((wire) => Promise.resolve(wire.maxPayload))
    for (const { event, json } of records) {
      const bytes = Buffer.byteLength(json)
      if (bytes <= maxBytes) continue
      throw new CliOpsError(
        'MESSAGE_TOO_LARGE',
        `the event ${JSON.stringify(event.type)} has ${bytes} bytes, more than the max_payload of ${describeEngine(this.#context.url)}, ${maxBytes}`,
        { details: { type: event.type, bytes, maxBytes } },
      )
    }
  }

  /**
   * A single server holds acknowledged messages in memory and writes them to disk within two minutes, unless it is
   * configured to sync.
   */
  async #assertDurable(): Promise<void> {
    const { connection, log, url } = this.#context
    const { config } = await log.info()
    const reason =
      config.storage === 'memory'
        ? 'its stream is in memory'
        : config.num_replicas < DURABLE_REPLICAS && !connection.target.isSynced
          ? 'a single server does not sync what it acknowledges; use a cluster of three, or a server with sync_interval: always and ?sync=always in the URL'
          : undefined
    if (reason !== undefined)
      throw new CliOpsError(
        'UNSUPPORTED',
        `${describeEngine(url)} cannot store events durably: ${reason}`,
      )
  }

  async #expireNowAndThen(jsons: readonly string[], retention: Retention): Promise<void> {
    const since = this.#sinceExpired
    since.count += jsons.length
    since.bytes += jsons.reduce((sum, { length }) => sum + length + OVERHEAD_BYTES, 0)
    if (since.count < EXPIRE_EVERY && since.bytes < retention.maxBytes / 16) return
    this.#sinceExpired = { count: 0, bytes: 0 }
    await expire(this.#context, retention)
  }
}
