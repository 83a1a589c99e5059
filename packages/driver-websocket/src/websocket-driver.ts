import type { Driver, DriverOptions, EngineAccess } from '@cli-ops/shared-ipc/driver'

import { HubConnection } from './connection/hub-connection.js'
import { HubEvents } from './events/hub-events.js'
import { HUB_SCOPES } from './hub/access-key.js'
import { HubLocks } from './locks/hub-locks.js'
import { HubRegistry } from './registry/hub-registry.js'
import { HubRpc } from './rpc/hub-rpc.js'

/** How long to wait for the end of a connection if the hub does not answer. */
const CLOSE_MS = 250

/** Creates the driver for a hub. All primitives share one connection, which keeps no process alive. */
export function createDriver(options: DriverOptions): Driver {
  return new WebSocketDriver(options)
}

class WebSocketDriver implements Driver {
  readonly name = 'websocket'
  readonly capabilities = {
    leases: true,
    sharedLocks: true,
    synchronous: false,
    replay: true,
    durableGroups: true,
    parking: true,
    remote: true,
  }
  readonly locks: HubLocks
  readonly events: HubEvents
  readonly registry: HubRegistry
  readonly rpc: HubRpc
  readonly #connection: HubConnection

  constructor(options: DriverOptions) {
    const parts: (HubLocks | HubEvents | HubRegistry | HubRpc)[] = []
    this.#connection = new HubConnection(options, parts)
    this.locks = new HubLocks(this.#connection)
    this.events = new HubEvents(this.#connection)
    this.rpc = new HubRpc(this.#connection)
    this.registry = new HubRegistry(this.#connection)
    // A service is registered once it listens.
    parts.push(this.locks, this.events, this.rpc, this.registry)
  }

  access(): EngineAccess | undefined {
    const welcome = this.#connection.live?.welcome
    if (welcome === undefined) return undefined
    const { key, scopes } = welcome
    const refused = HUB_SCOPES.filter((scope) => !scopes.includes(scope))
    return { bearer: `the access key "${key}"`, granted: scopes, refused }
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#connection.connect(signal)
  }

  async close(): Promise<void> {
    this.events.close()
    this.rpc.close()
    await this.locks.close()
    // Without a connection there is nothing to withdraw: it went with the connection.
    if (this.#connection.live !== undefined) await this.registry.close()
    await this.#connection.close(CLOSE_MS)
  }
}
