import { isIP } from 'node:net'

import type { DriverOptions } from '@cli-ops/shared-ipc/driver'
import type { Options, SocketOptions } from 'amqplib'

/** What the client library's `connect` takes. */
export interface ClientOptions {
  readonly url: Options.Connect
  readonly socket: SocketOptions & { readonly signal: AbortSignal }
}

/**
 * Returns options for one connection.
 *
 * @param signal destroys the socket once aborted, even while it is connecting
 * @throws CliOpsError `ENGINE_UNAVAILABLE` if a secret's file cannot be read
 * @throws TypeError if the path does not name a virtual host
 */
export function clientOptions(
  { url, timeoutMs, leaseMs, credentials, tls }: DriverOptions,
  signal: AbortSignal,
): ClientOptions {
  const { username, password } = credentials()
  // The brackets belong to the URL, not to the IPv6 address.
  const hostname = url.hostname.replace(/^\[(.*)\]$/u, '$1') || '127.0.0.1'
  const isSecure = url.protocol === 'amqps:'
  return {
    url: {
      protocol: isSecure ? 'amqps' : 'amqp',
      hostname,
      port: url.port === '' ? (isSecure ? 5671 : 5672) : Number(url.port),
      // The default of a new broker, for connections from its own machine.
      username: username ?? 'guest',
      password: password ?? (username === undefined ? 'guest' : ''),
      vhost: vhostOf(url),
      heartbeat: heartbeatSeconds(leaseMs),
    },
    socket: {
      // Frames are small and wait for their answers, which Nagle's algorithm can delay.
      noDelay: true,
      timeout: timeoutMs,
      signal,
      clientProperties: { connection_name: 'cli-ops', product: 'cli-ops' },
      ...(isSecure && isIP(hostname) === 0 && { servername: hostname }),
      ...(isSecure && tls()),
    },
  }
}

/** A broker drops a silent peer after one to two of these intervals: within a lease. */
export function heartbeatSeconds(leaseMs: number): number {
  return Math.max(1, Math.floor(leaseMs / 2_000))
}

/** Returns the virtual host, which is in the path, encoded: `/` (or `%2F`) if the path is empty. */
function vhostOf({ pathname }: URL): string {
  const text = pathname.replace(/^\//u, '')
  if (text === '') return '/'
  if (!text.includes('/')) return text
  throw new TypeError(
    `the path of an AMQP URL must be one virtual host, with %2F for a slash in its name, got "${text}"`,
  )
}
