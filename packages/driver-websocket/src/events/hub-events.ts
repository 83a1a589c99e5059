import type {
  AppendOptions,
  Cursor,
  EventDriver,
  EventRecord,
  ReaderOptions,
  Retention,
} from '@cli-ops/shared-ipc/driver'

import type { ConnectionPart, HubConnection } from '../connection/hub-connection.js'
import type { HubLink } from '../connection/hub-link.js'
import { RawJson } from '../protocol/message.js'
import { HubParking } from './hub-parking.js'
import { HubReader } from './hub-reader.js'

/** The most a request holds, so that no frame is larger than a hub accepts; an event is at most 1 MiB. */
const MAX_REQUEST_BYTES = 1024 * 1024

/** Events in the log behind a hub. */
export class HubEvents implements EventDriver, ConnectionPart {
  readonly parking: HubParking
  readonly #connection: HubConnection
  readonly #readers = new Map<number, HubReader>()
  #lastId = 0

  constructor(connection: HubConnection) {
    this.#connection = connection
    this.parking = new HubParking(connection)
  }

  get isNeeded(): boolean {
    return this.#readers.size > 0
  }

  async append(
    records: readonly EventRecord[],
    { retention, durable }: AppendOptions,
  ): Promise<Cursor[]> {
    const cursors: Cursor[] = []
    const options = JSON.stringify({ retention: toWire(retention), durable }).slice(1)
    for (const jsons of inRequests(records)) {
      const params = new RawJson(`{"events":[${jsons.join(',')}],${options}`)
      cursors.push(
        ...((await this.#connection.call('events.append', params, { repeat: 'once' })) as Cursor[]),
      )
    }
    return cursors
  }

  /** @throws TypeError for an invalid date; `ready` rejects a value that is not a cursor of the log */
  openReader(options: ReaderOptions): HubReader {
    return new HubReader(this.#connection, options, this)
  }

  async clean(retention: Retention): Promise<number> {
    return Number(await this.#connection.call('events.clean', { retention: toWire(retention) }))
  }

  /** Assigns a reader the id for its next opening. */
  enrol(reader: HubReader): number {
    this.#lastId += 1
    this.#readers.set(this.#lastId, reader)
    return this.#lastId
  }

  /** Forgets an id. */
  dismiss(id: number): void {
    this.#readers.delete(id)
  }

  onLive(_session: HubLink): void {
    for (const reader of new Set(this.#readers.values())) reader.resume()
  }

  onLost(): void {
    for (const reader of new Set(this.#readers.values())) reader.onLost()
  }

  onNotification = (method: string, params: Readonly<Record<string, unknown>>): void => {
    if (method === 'events.batch') this.#readers.get(Number(params['reader']))?.onBatch(params)
  }

  close(): void {
    for (const reader of new Set(this.#readers.values())) reader.close()
  }
}

function* inRequests(records: readonly EventRecord[]): Generator<string[]> {
  let jsons: string[] = []
  let length = 0
  for (const { json } of records) {
    // UTF-8 needs at most three bytes a code unit.
    const bytes = json.length * 3 > MAX_REQUEST_BYTES ? Buffer.byteLength(json) : json.length * 3
    if (jsons.length > 0 && length + bytes > MAX_REQUEST_BYTES) {
      yield jsons
      jsons = []
      length = 0
    }
    jsons.push(json)
    length += bytes
  }
  if (jsons.length > 0) yield jsons
}

/** JSON has no infinity. */
function toWire({ retentionMs, maxBytes }: Retention): Record<keyof Retention, number | null> {
  return { retentionMs: finite(retentionMs), maxBytes: finite(maxBytes) }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
