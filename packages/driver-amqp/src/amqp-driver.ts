import { type Driver, type DriverOptions, randomId, RelayedRpc } from '@cli-ops/shared-ipc/driver'

import { AmqpConnection } from './connection/amqp-connection.js'
import { AmqpEvents } from './events/amqp-events.js'
import { Names } from './names.js'
import { AmqpRegistry } from './registry/amqp-registry.js'
import { createFrameRelay } from './rpc/frame-relay.js'
import { Inbox } from './rpc/inbox.js'

/**
 * Creates the driver for RabbitMQ 3.10 and later. It has up to three connections: one for what it sends and for
 * requests, and two opened on demand, one that reads events and one for the consumers of groups.
 */
export function createDriver(options: DriverOptions): Driver {
  return new AmqpDriver(options)
}

class AmqpDriver implements Driver {
  readonly name = 'amqp'
  readonly capabilities = {
    leases: false,
    sharedLocks: false,
    synchronous: false,
    replay: true,
    durableGroups: true,
    remote: true,
  }
  /** A queue can have a single consumer, but that right never expires, and no number fences off the previous consumer. */
  readonly instead = { locks: 'set CLI_OPS_LOCKS_URL to a redis:// URL' }
  readonly events: AmqpEvents
  readonly registry: AmqpRegistry
  readonly rpc: RelayedRpc
  readonly #publishing: AmqpConnection
  readonly #reading: AmqpConnection
  readonly #grouping: AmqpConnection
  readonly #inbox: Inbox

  constructor(options: DriverOptions) {
    const { namespace, leaseMs } = options
    const driverId = randomId()
    const names = new Names(namespace)
    const publishing = new AmqpConnection(options)
    const reading = new AmqpConnection(options)
    const grouping = new AmqpConnection(options)
    const inbox = new Inbox(publishing, names, driverId)
    this.#publishing = publishing
    this.#reading = reading
    this.#grouping = grouping
    this.#inbox = inbox
    this.events = new AmqpEvents({ publishing, reading, grouping, names })
    this.registry = new AmqpRegistry({ connection: publishing, inbox, driverId, leaseMs })
    this.rpc = new RelayedRpc(createFrameRelay(inbox, driverId, leaseMs))
    inbox.route('rpc', ({ text, answerTo }) => {
      this.rpc.onFrame(text, answerTo)
    })
    inbox.observe({
      lost: () => {
        this.rpc.endAll('the connection to the broker was lost')
      },
    })
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#publishing.within(signal, () => this.#publishing.connect())
  }

  async close(): Promise<void> {
    this.events.close()
    this.rpc.close()
    await this.registry.close()
    this.#inbox.close()
    this.#reading.close()
    this.#grouping.close()
    this.#publishing.close()
  }
}
