import {
  CliOpsError,
  type Cursor,
  type EventReader,
  type Retention,
  setImmediate,
  type StartPosition,
} from '@cli-ops/shared-ipc/driver'

import { cursorIn, toRecord } from './event-params.js'
import { EventPump } from './event-pump.js'
import { parkingOperations } from './parking-operations.js'
import type { HubNamespace } from './hub-namespace.js'
import type { Client, ClientPart, Operations } from './operation.js'
import { arrayIn, integerIn, objectIn, optionalNameIn, type Params } from './params.js'

const MAX_EVENTS = 100_000
const MAX_READERS = 256
const MAX_CREDIT = 65_536

/** A client's events. */
export class ClientEvents implements ClientPart {
  readonly operations: Operations
  readonly #namespace: HubNamespace
  readonly #client: Client
  readonly #readers = new Map<number, EventReader>()
  readonly #pumps = new Map<number, EventPump>()
  #ended = false

  constructor(namespace: HubNamespace, client: Client) {
    this.#namespace = namespace
    this.#client = client
    this.operations = [
      ['events.append', { scope: 'emit', run: (params) => this.#append(params) }],
      [
        'events.open',
        {
          scope: 'read',
          // In a group one reader is active, and the others stand by.
          waits: ({ group }) => group !== undefined && group !== null,
          run: (params, { signal }) => this.#open(params, signal),
        },
      ],
      [
        'events.credit',
        {
          scope: 'read',
          isPart: true,
          run: (params) => {
            this.#pumps.get(readerIn(params))?.credit(integerIn(params, 'count', 0, MAX_CREDIT))
          },
        },
      ],
      [
        'events.commit',
        {
          scope: 'read',
          run: async (params) => {
            const cursor = cursorIn(params, 'cursor')
            await this.#readers.get(readerIn(params))?.commit(cursor)
            return null
          },
        },
      ],
      [
        'events.close',
        {
          scope: 'read',
          run: (params) => {
            this.#close(readerIn(params))
          },
        },
      ],
      [
        'events.clean',
        {
          scope: 'emit',
          run: async (params) => (await namespace.events()).clean(retentionIn(params)),
        },
      ],
      ...parkingOperations(namespace, (params) => this.#readers.get(readerIn(params))),
    ]
  }

  /** A client continues from its cursor, with its next connection's readers. */
  detach(): void {
    for (const id of [...this.#readers.keys()]) this.#close(id)
  }

  handOver(): void {
    this.#ended = true
  }

  end(): void {
    this.#ended = true
  }

  async #append(params: Params): Promise<Cursor[]> {
    const records = arrayIn(params, 'events', MAX_EVENTS).map(toRecord)
    const options = { retention: retentionIn(params), durable: params['durable'] === true }
    const cursors = await (await this.#namespace.events()).append(records, options)
    this.#namespace.metrics.eventsStored.add('', cursors.length)
    return cursors
  }

  async #open(params: Params, signal: AbortSignal): Promise<{ cursor: Cursor | undefined }> {
    const id = readerIn(params)
    if (this.#readers.has(id)) throw new TypeError('reader must not be in use')
    if (this.#readers.size >= MAX_READERS)
      throw new CliOpsError('RATE_LIMITED', `a connection has at most ${MAX_READERS} readers`)
    const from = startIn(params)
    const group = optionalNameIn(params, 'group')
    const credit = integerIn(params, 'credit', 1, MAX_CREDIT)
    const events = await this.#namespace.events()
    const reader = events.openReader({ from, group })
    this.#readers.set(id, reader)
    const close = (): void => {
      this.#close(id)
    }
    signal.addEventListener('abort', close, { once: true })
    try {
      if (this.#ended || signal.aborted) close()
      await reader.ready
      // Without a position, a client disconnected before the first event could not continue.
      if (group === undefined && reader.position === undefined)
        throw new CliOpsError('UNSUPPORTED', "the hub's store does not report a reader's position")
    } catch (error) {
      close()
      throw error
    } finally {
      signal.removeEventListener('abort', close)
    }
    const onSent = (count: number): void => {
      this.#namespace.metrics.eventsDelivered.add('', count)
    }
    const pump = new EventPump(id, reader, this.#client, { credit, onSent })
    this.#pumps.set(id, pump)
    // The answer goes first: the client could not assign events that arrive before it.
    setImmediate(() => {
      if (this.#readers.get(id) === reader) pump.start()
    })
    return { cursor: reader.position }
  }

  #close(id: number): void {
    this.#pumps.get(id)?.stop()
    this.#pumps.delete(id)
    this.#readers.get(id)?.close()
    this.#readers.delete(id)
  }
}

function readerIn(params: Params): number {
  return integerIn(params, 'reader', 0, Number.MAX_SAFE_INTEGER)
}

function startIn(params: Params): StartPosition {
  const { from } = params
  if (typeof from === 'string') return cursorIn(params, 'from')
  return new Date(String(objectIn(params, 'from')['date']))
}

/** JSON has no infinity. */
function retentionIn(params: Params): Retention {
  const retention = objectIn(params, 'retention')
  const read = (key: keyof Retention): number =>
    retention[key] === null ? Infinity : integerIn(retention, key, 0, Number.MAX_SAFE_INTEGER)
  return { retentionMs: read('retentionMs'), maxBytes: read('maxBytes') }
}
