import { type DriverOptions, EngineLink } from '@cli-ops/shared-ipc/driver'

import type { RedisNode } from './connect.js'
import type { NodeLocation } from './node-location.js'
import { redisCarrier } from './redis-carrier.js'
import type { ServerFacts } from './server-facts.js'

/** A command and its arguments. */
export type Command = readonly [name: string, ...args: (string | number)[]]

/** A connection for commands. */
export class RedisConnection {
  readonly #link: EngineLink<RedisNode>

  constructor(options: DriverOptions, location: NodeLocation) {
    this.#link = new EngineLink(redisCarrier(options, location))
  }

  /** What the server on the current connection has reported about itself; undefined without a connection. */
  get facts(): ServerFacts | undefined {
    return this.#link.client?.facts
  }

  /** Sends a command and resolves to its reply. Rejects as `EngineLink.call` does. */
  call([name, ...args]: Command, signal?: AbortSignal): Promise<unknown> {
    return this.#link.call(({ client }) => client.call(name, ...args), signal)
  }

  /** Connects if it is not connected. Rejects as {@link call} does. */
  async connect(signal?: AbortSignal): Promise<void> {
    await this.#link.connect(signal)
  }

  /** Ends the connection and rejects all calls in progress. */
  close(): void {
    this.#link.close()
  }
}
