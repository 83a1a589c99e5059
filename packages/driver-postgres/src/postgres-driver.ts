import type { Driver, DriverOptions, EngineFinding } from '@cli-ops/shared-ipc/driver'
import {
  ChannelSubscriber,
  Inbox,
  LeasedLocks,
  LeasedRegistry,
  LoggedEvents,
  randomId,
  RelayedRpc,
  routeFrames,
  routeLocks,
  splitFrame,
} from '@cli-ops/shared-ipc/driver'

import { inboxChannel, notifications } from './connection/notifications.js'
import { PostgresConnection } from './connection/postgres-connection.js'
import { PostgresEvents } from './events/postgres-events.js'
import { PostgresLocks } from './locks/postgres-locks.js'
import { PostgresRegistry } from './registry/postgres-registry.js'
import { findUnfit } from './fitness.js'
import { spaceOf } from './space.js'

/** A notification must be shorter than 8,000 bytes. */
const MAX_NOTIFICATION_BYTES = 7_600

/**
 * Creates the driver for PostgreSQL 13 and later. It has two connections: one for statements and one, opened on demand,
 * for listening.
 */
export function createDriver(options: DriverOptions): Driver {
  return new PostgresDriver(options)
}

class PostgresDriver implements Driver {
  readonly name = 'postgres'
  readonly capabilities = {
    leases: true,
    sharedLocks: true,
    synchronous: false,
    replay: true,
    durableGroups: true,
    parking: true,
    remote: true,
  }
  readonly locks: LeasedLocks
  readonly events: LoggedEvents
  readonly registry: LeasedRegistry
  readonly rpc: RelayedRpc
  readonly #groupLocks: LeasedLocks
  readonly #connection: PostgresConnection
  readonly #subscriber: ChannelSubscriber<unknown>

  constructor(options: DriverOptions) {
    const { namespace, leaseMs, timeoutMs } = options
    const driverId = randomId()
    const space = spaceOf(namespace)
    const connection = new PostgresConnection(options, driverId)
    const subscriber = new ChannelSubscriber(notifications(options, driverId))
    const inbox = new Inbox(subscriber, inboxChannel(driverId))
    const shared = { connection, subscriber, inbox, space, driverId, leaseMs, timeoutMs }
    this.#connection = connection
    this.#subscriber = subscriber
    this.locks = new LeasedLocks(new PostgresLocks(shared, 'lock'))
    this.#groupLocks = new LeasedLocks(new PostgresLocks(shared, 'group'))
    this.events = new LoggedEvents(new PostgresEvents(shared), this.#groupLocks)
    this.rpc = new RelayedRpc({
      scheme: 'postgres',
      address: driverId,
      leaseMs,
      ready: (signal) => inbox.ready(signal),
      send: async (address, frame, signal) => {
        const isThere = await connection.value(
          'select cli_ops.send($1, $2)',
          [address, splitFrame(frame, MAX_NOTIFICATION_BYTES)],
          signal,
        )
        return isThere === true
      },
    })
    this.registry = new LeasedRegistry(
      new PostgresRegistry({ ...shared, probe: (endpoint) => this.rpc.probe(endpoint) }),
    )
    routeFrames(inbox, this.rpc)
    routeLocks(inbox, [this.locks, this.#groupLocks])
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#connection.connect(signal)
  }

  findUnfit(): Promise<EngineFinding[]> {
    return findUnfit(this.#connection)
  }

  async close(): Promise<void> {
    this.events.close()
    this.rpc.close()
    await Promise.all([this.locks.close(), this.#groupLocks.close(), this.registry.close()])
    this.#subscriber.close()
    this.#connection.close()
  }
}
