import {
  ChannelSubscriber,
  type Driver,
  type DriverOptions,
  Inbox,
  LeasedDriver,
  randomId,
  splitFrame,
} from '@cli-ops/shared-ipc/driver'

import { NodeLocation } from './connection/node-location.js'
import { notifications } from './connection/notifications.js'
import { RedisConnection } from './connection/redis-connection.js'
import { DurableAppend } from './events/durable-append.js'
import { RedisEvents } from './events/redis-events.js'
import { findUnfit } from './fitness.js'
import { Keys } from './keys.js'
import { RedisLocks } from './locks/redis-locks.js'
import { RedisRegistry } from './registry/redis-registry.js'

/**
 * Creates the driver for Redis 7 and compatible servers such as Valkey. It has two connections: one for commands and
 * one, opened on demand, for messages.
 */
export function createDriver(options: DriverOptions): Driver {
  const { namespace, leaseMs, timeoutMs } = options
  const driverId = randomId()
  const keys = new Keys(namespace)
  const location = new NodeLocation(options.url)
  const connection = new RedisConnection(options, location)
  const subscriber = new ChannelSubscriber(notifications(options, location))
  const inbox = new Inbox(subscriber, keys.inbox(driverId))
  const durable = new DurableAppend(options, location)
  const shared = { connection, subscriber, inbox, keys, driverId, leaseMs, timeoutMs }
  return new LeasedDriver({
    name: 'redis',
    address: driverId,
    leaseMs,
    inbox,
    locks: (kind) => new RedisLocks({ ...shared, base: keys.locks(kind) }),
    events: () => new RedisEvents({ ...shared, durable }),
    records: (probe) => new RedisRegistry({ ...shared, probe }),
    send: async (address, frame, signal) => {
      // One message, however long: Redis limits only what it sends to a slow reader.
      const [message = ''] = splitFrame(frame, Infinity)
      // The number of receivers: 0 means that no driver is there.
      return Number(await connection.call(['PUBLISH', keys.inbox(address), message], signal)) > 0
    },
    open: async (signal) => {
      // Any key will do: if this node does not have it, a cluster names the node that does.
      await connection.call(['EXISTS', keys.logState], signal)
    },
    findUnfit: () => findUnfit(connection, keys),
    close: () => {
      subscriber.close()
      durable.close()
      connection.close()
    },
  })
}
