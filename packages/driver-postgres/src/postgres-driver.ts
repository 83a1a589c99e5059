import {
  ChannelSubscriber,
  type Driver,
  type DriverOptions,
  Inbox,
  LeasedDriver,
  randomId,
  splitFrame,
} from '@cli-ops/shared-ipc/driver'

import { inboxChannel, notifications } from './connection/notifications.js'
import { PostgresConnection } from './connection/postgres-connection.js'
import { PostgresEvents } from './events/postgres-events.js'
import { findUnfit } from './fitness.js'
import { PostgresLocks } from './locks/postgres-locks.js'
import { PostgresRegistry } from './registry/postgres-registry.js'
import { spaceOf } from './space.js'

/** A notification must be shorter than 8,000 bytes. */
const MAX_NOTIFICATION_BYTES = 7_600

/**
 * Creates the driver for PostgreSQL 13 and later. It has two connections: one for statements and one, opened on demand,
 * for listening.
 */
export function createDriver(options: DriverOptions): Driver {
  const { namespace, leaseMs, timeoutMs } = options
  const driverId = randomId()
  const space = spaceOf(namespace)
  const connection = new PostgresConnection(options, driverId)
  const subscriber = new ChannelSubscriber(notifications(options, driverId))
  const inbox = new Inbox(subscriber, inboxChannel(driverId))
  const shared = { connection, subscriber, inbox, space, driverId, leaseMs, timeoutMs }
  return new LeasedDriver({
    name: 'postgres',
    address: driverId,
    leaseMs,
    inbox,
    locks: (kind) => new PostgresLocks(shared, kind),
    events: () => new PostgresEvents(shared),
    records: (probe) => new PostgresRegistry({ ...shared, probe }),
    send: async (address, frame, signal) => {
      const parts = splitFrame(frame, MAX_NOTIFICATION_BYTES)
      const isThere = await connection.value(
        'select cli_ops.send($1, $2)',
        [address, parts],
        signal,
      )
      return isThere === true
    },
    open: async (signal) => {
      await connection.connect(signal)
    },
    findUnfit: () => findUnfit(connection),
    close: () => {
      subscriber.close()
      connection.close()
    },
  })
}
