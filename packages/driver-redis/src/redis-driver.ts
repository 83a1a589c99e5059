import type { Driver, DriverOptions, EngineFinding } from '@cli-ops/shared-ipc/driver'
import {
  ChannelSubscriber,
  Inbox,
  LeasedLocks,
  LeasedRegistry,
  LoggedEvents,
  randomId,
  RelayedRpc,
  routeLocks,
} from '@cli-ops/shared-ipc/driver'

import { findUnfit } from './fitness.js'
import { NodeLocation } from './connection/node-location.js'
import { notifications, type Subscriber } from './connection/notifications.js'
import { RedisConnection } from './connection/redis-connection.js'
import { DurableAppend } from './events/durable-append.js'
import { RedisEvents } from './events/redis-events.js'
import { Keys } from './keys.js'
import { RedisLocks } from './locks/redis-locks.js'
import { RedisRegistry } from './registry/redis-registry.js'

/**
 * Creates the driver for Redis 7 and compatible servers such as Valkey. It has two connections: one for commands and
 * one, opened on demand, for messages.
 */
export function createDriver(options: DriverOptions): Driver {
  return new RedisDriver(options)
}

class RedisDriver implements Driver {
  readonly name = 'redis'
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
  readonly #keys: Keys
  readonly #connection: RedisConnection
  readonly #subscriber: Subscriber
  readonly #durable: DurableAppend

  constructor(options: DriverOptions) {
    const { namespace, leaseMs, timeoutMs } = options
    const driverId = randomId()
    const keys = new Keys(namespace)
    const location = new NodeLocation(options.url)
    const connection = new RedisConnection(options, location)
    const subscriber = new ChannelSubscriber(notifications(options, location))
    const inbox = new Inbox(subscriber, keys.inbox(driverId))
    const shared = { connection, subscriber, inbox, keys, driverId, leaseMs, timeoutMs }
    this.#keys = keys
    this.#connection = connection
    this.#subscriber = subscriber
    this.locks = new LeasedLocks(new RedisLocks({ ...shared, base: keys.locks('lock') }))
    this.#groupLocks = new LeasedLocks(new RedisLocks({ ...shared, base: keys.locks('group') }))
    this.#durable = new DurableAppend(options, location)
    this.events = new LoggedEvents(
      new RedisEvents({ ...shared, durable: this.#durable }),
      this.#groupLocks,
    )
    this.rpc = new RelayedRpc({
      scheme: 'redis',
      address: driverId,
      leaseMs,
      ready: (signal) => inbox.ready(signal),
      // The number of receivers: 0 means that no driver is there.
      send: async (address, frame, signal) =>
        Number(await connection.call(['PUBLISH', keys.inbox(address), `rpc ${frame}`], signal)) > 0,
    })
    inbox.route('rpc', {
      onMessage: (frame) => {
        this.rpc.onFrame(frame)
      },
    })
    this.registry = new LeasedRegistry(
      new RedisRegistry({ ...shared, probe: (endpoint) => this.rpc.probe(endpoint) }),
    )
    routeLocks(inbox, [this.locks, this.#groupLocks])
  }

  async open(signal: AbortSignal): Promise<void> {
    // Any key will do: if this node does not have it, a cluster names the node that does.
    await this.#connection.call(['EXISTS', this.#keys.logState], signal)
  }

  findUnfit(): Promise<EngineFinding[]> {
    return findUnfit(this.#connection, this.#keys)
  }

  async close(): Promise<void> {
    this.events.close()
    this.rpc.close()
    await Promise.all([this.locks.close(), this.#groupLocks.close(), this.registry.close()])
    this.#subscriber.close()
    this.#durable.close()
    this.#connection.close()
  }
}
