import type { Driver, DriverOptions, EngineFinding } from '@cli-ops/shared-ipc/driver'
import {
  ChannelSubscriber,
  findClockOff,
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

import { NatsConnection } from './connection/nats-connection.js'
import { notifications, type Subscriber } from './connection/notifications.js'
import { NatsEvents } from './events/nats-events.js'
import { lockSubjects } from './locks/lock-subjects.js'
import { NatsLocks } from './locks/nats-locks.js'
import { NatsRegistry } from './registry/nats-registry.js'
import { hashed, told } from './space.js'
import { LeaseStore } from './store/lease-store.js'
import { Stream } from './store/stream.js'

/**
 * Creates the driver for NATS with JetStream, 2.9 and later. It has two connections: one for requests and one, opened
 * on demand, for listening.
 */
export function createDriver(options: DriverOptions): Driver {
  return new NatsDriver(options)
}

class NatsDriver implements Driver {
  readonly name = 'nats'
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
  readonly #engines: readonly NatsLocks[]
  readonly #connection: NatsConnection
  readonly #subscriber: Subscriber
  readonly #store: LeaseStore
  readonly #leaseMs: number

  constructor(options: DriverOptions) {
    const { namespace, leaseMs, timeoutMs, url } = options
    const driverId = randomId()
    const space = hashed(namespace)
    const connection = new NatsConnection(options)
    const subscriber: Subscriber = new ChannelSubscriber(notifications(options))
    const inbox = new Inbox(subscriber, told.driver(driverId))
    const store = new LeaseStore(connection)
    const shared = {
      connection,
      subscriber,
      inbox,
      store,
      space,
      driverId,
      url,
      leaseMs,
      timeoutMs,
    }
    this.#connection = connection
    this.#subscriber = subscriber
    this.#store = store
    this.#leaseMs = leaseMs
    const engines = (['lock', 'group'] as const).map(
      (kind) => new NatsLocks({ ...shared, subjects: lockSubjects(space, kind) }),
    ) as [NatsLocks, NatsLocks]
    this.#engines = engines
    this.locks = new LeasedLocks(engines[0])
    this.#groupLocks = new LeasedLocks(engines[1])
    this.events = new LoggedEvents(
      new NatsEvents({ ...shared, groupLocks: this.#groupLocks, ...logs(connection, space) }),
      this.#groupLocks,
    )
    this.rpc = new RelayedRpc({
      scheme: 'nats',
      address: driverId,
      leaseMs,
      ready: (signal) => inbox.ready(signal),
      send: (address, frame, signal) =>
        connection.call(
          (wire) => wire.say(told.driver(address), splitFrame(frame, wire.maxPayload)),
          signal,
        ),
    })
    this.registry = new LeasedRegistry(
      new NatsRegistry({ ...shared, probe: (endpoint) => this.rpc.probe(endpoint) }),
    )
    this.#route(inbox)
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#connection.connect(signal)
    // Starts the time during which a new store admits no waiter.
    await this.#store.age(this.#leaseMs, signal)
  }

  findUnfit(): Promise<EngineFinding[]> {
    return findClockOff(() => this.#store.now())
  }

  async close(): Promise<void> {
    this.events.close()
    this.rpc.close()
    await Promise.all([this.locks.close(), this.#groupLocks.close(), this.registry.close()])
    this.#subscriber.close()
    this.#connection.close()
  }

  #route(inbox: Inbox): void {
    routeFrames(inbox, this.rpc)
    routeLocks(inbox, [this.locks, this.#groupLocks])
    // Another process asks before it admits a waiter.
    inbox.route('there', {
      onMessage: (message) => {
        const [replyTo = '', id = ''] = message.split(' ')
        const isWaiting = this.#engines.some((engine) => engine.isWaiting(id))
        this.#connection.answer(replyTo, isWaiting ? 'yes' : 'no')
      },
    })
  }
}

/** Returns the streams of events, and of the groups' cursors and parked events. */
function logs(connection: NatsConnection, space: string) {
  return {
    log: new Stream(connection, {
      name: `cli_ops_events_${space}`,
      subjects: [`cli_ops.e.${space}`],
      republish: { src: `cli_ops.e.${space}`, dest: told.events(space) },
    }),
    groups: new Stream(connection, {
      name: 'cli_ops_groups',
      subjects: ['cli_ops.g.>'],
      max_msgs_per_subject: 1,
    }),
  }
}
