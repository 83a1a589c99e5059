import type { HubOptions, HubTls } from './hub-options.js'
import { HubServer } from './hub-server.js'
import { resolveHubOptions } from './resolve-hub-options.js'

/** A hub's state. The answer of `GET /healthz`, with 200 for `ok`, else 503. */
export interface HubHealth {
  readonly status: 'ok' | 'unavailable' | 'stopping'
  /** Version of the package. */
  readonly version: string
  readonly uptimeMs: number
  readonly connections: number
  readonly store: {
    /** Without secrets. */
    readonly url: string
    readonly state: 'reachable' | 'unreachable'
  }
}

/** A listening hub. */
export interface Hub {
  /** What clients connect to: `ws://127.0.0.1:4711`. */
  readonly url: string
  /** Queries the store. Resolves within the time that an engine has to answer. */
  health(): Promise<HubHealth>
  /**
   * Uses another certificate for new connections; open connections stay.
   *
   * @throws TypeError if the certificate and the key do not match, or the hub was started without `tls`; then nothing has changed
   */
  renewTls(tls: HubTls): void
  /**
   * Stops accepting, answers in-flight requests within `drainMs`, and closes the connections. Clients keep their locks for the rest
   * of their leases and continue with them at the next hub on the same store. Calling it twice is fine.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a hub. Resolves when it listens. It keeps the process alive until it is closed. After a crash its clients'
 * locks stay taken for one lease; a hub started on the same store continues with everything that was stored.
 *
 * @throws TypeError if an option is wrong, or `tls` is missing for a host that others can reach
 * @throws CliOpsError `ENGINE_UNAVAILABLE` if it cannot listen, or the store cannot be used; `DRIVER_MISSING`
 * @example
 * ```ts
 * import { createHub, hashAccessKey } from '@cli-ops/driver-websocket/hub'
 *
 * const hash = hashAccessKey('the secret that the clients have in CLI_OPS_TOKEN')
 * const keys = [{ name: 'laptop', hash, scopes: ['read', 'lock'] as const }]
 * await using hub = await createHub({ port: 4711, keys })
 * ```
 */
export async function createHub(options: HubOptions): Promise<Hub> {
  const server = new HubServer(await resolveHubOptions(options))
  try {
    await server.start()
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}
