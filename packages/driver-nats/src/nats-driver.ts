import {
  ChannelSubscriber,
  type Driver,
  type DriverOptions,
  findClockOff,
  Inbox,
  LeasedDriver,
  randomId,
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
  const { namespace, leaseMs, timeoutMs, url } = options
  const driverId = randomId()
  const space = hashed(namespace)
  const connection = new NatsConnection(options)
  const subscriber: Subscriber = new ChannelSubscriber(notifications(options))
  const inbox = new Inbox(subscriber, told.driver(driverId))
  const store = new LeaseStore(connection)
  const shared = { connection, subscriber, inbox, store, space, driverId, url, leaseMs, timeoutMs }
  const locksOf = (kind: 'lock' | 'group'): NatsLocks =>
    new NatsLocks({ ...shared, subjects: lockSubjects(space, kind) })
  const locks = { lock: locksOf('lock'), group: locksOf('group') }
  // Another process asks before it admits a waiter.
  inbox.route('there', {
    onMessage: (message) => {
      const [replyTo = '', id = ''] = message.split(' ')
      const isWaiting = locks.lock.isWaiting(id) || locks.group.isWaiting(id)
      connection.answer(replyTo, isWaiting ? 'yes' : 'no')
    },
  })
  return new LeasedDriver({
    name: 'nats',
    address: driverId,
    leaseMs,
    inbox,
    locks: (kind) => locks[kind],
    events: (groupLocks) => new NatsEvents({ ...shared, groupLocks, ...logs(connection, space) }),
    records: (probe) => new NatsRegistry({ ...shared, probe }),
    send: (address, frame, signal) =>
      connection.call(
        (wire) => wire.say(told.driver(address), splitFrame(frame, wire.maxPayload)),
        signal,
      ),
    open: async (signal) => {
      await connection.connect(signal)
      // Starts the time during which a new store admits no waiter.
      await store.age(leaseMs, signal)
    },
    findUnfit: () => findClockOff(() => store.now()),
    close: () => {
      subscriber.close()
      connection.close()
    },
  })
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
