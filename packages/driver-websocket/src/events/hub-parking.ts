import type {
  Cursor,
  EventEnvelope,
  EventParking,
  GroupLedger,
  ParkedCount,
  ParkedEvent,
} from '@cli-ops/shared-ipc/driver'

import type { HubConnection } from '../connection/hub-connection.js'

/** Parked events in the store behind a hub. */
export class HubParking implements EventParking {
  readonly #connection: HubConnection

  constructor(connection: HubConnection) {
    this.#connection = connection
  }

  async groups(): Promise<ParkedCount[]> {
    return (await this.#connection.call('events.groups', {})) as ParkedCount[]
  }

  async list(group: string, after?: ParkedEvent): Promise<ParkedEvent[]> {
    const place = after && placeOf(after.event)
    return (await this.#connection.call('events.parked', { group, after: place })) as ParkedEvent[]
  }

  async retry(group: string, id?: string): Promise<number> {
    return Number(await this.#connection.call('events.retry', { group, id }, { repeat: 'once' }))
  }

  async drop(group: string, id: string): Promise<number> {
    return Number(await this.#connection.call('events.drop', { group, id }, { repeat: 'once' }))
  }
}

/** The attempts and parked events of a reader that a hub has made active. */
export class HubLedger implements GroupLedger {
  readonly #connection: HubConnection
  readonly #reader: number
  /** Handled events, reported to the hub with the next attempt. */
  #finished: Cursor[] = []

  constructor(connection: HubConnection, reader: number) {
    this.#connection = connection
    this.#reader = reader
  }

  async countAttempt(cursor: Cursor): Promise<number> {
    const finished = this.#finished
    this.#finished = []
    return Number(await this.#call('events.attempt', { cursor, finished }))
  }

  finish(cursor: Cursor): void {
    this.#finished.push(cursor)
  }

  async park({ event, attempts, error, parkedAt }: ParkedEvent): Promise<void> {
    await this.#call('events.park', { event, attempts, error, parkedAt })
  }

  async unpark(event: EventEnvelope): Promise<void> {
    await this.#call('events.unpark', placeOf(event))
  }

  #call(method: string, params: object): Promise<unknown> {
    return this.#connection.call(method, { reader: this.#reader, ...params }, { repeat: 'never' })
  }
}

function placeOf({ cursor, id }: EventEnvelope): Pick<EventEnvelope, 'cursor' | 'id'> {
  return { cursor, id }
}
