import { isIP } from 'node:net'

import type { DriverOptions } from '@cli-ops/shared-ipc/driver'
import type { Options, SocketOptions } from 'amqplib'

/** What `connect` of the client library is given. */
export interface ClientOptions {
  readonly url: Options.Connect
  readonly socket: SocketOptions & { readonly signal: AbortSignal }
}

/**
 * Options for one connection.
 *
 * @param signal destroys the socket once aborted, also while it is connecting
 * @throws CliOpsError `ENGINE_UNAVAILABLE` where a file with a secret cannot be read
 * @throws TypeError for a path that names no virtual host
 */
export function clientOptions(
  { url, timeoutMs, leaseMs, credentials, tls }: DriverOptions,
  signal: AbortSignal,
): ClientOptions {
  const { username, password } = credentials()
  // Brackets belong to the URL and not to an IPv6 address.
  const hostname = url.hostname.replace(/^\[(.*)\]$/u, '$1') || '127.0.0.1'
  const isSecure = url.protocol === 'amqps:'
  return {
    url: {
      protocol: isSecure ? 'amqps' : 'amqp',
      hostname,
      port: url.port === '' ? (isSecure ? 5671 : 5672) : Number(url.port),
      // What a new broker has, for connections from its own machine.
      username: username ?? 'guest',
      password: password ?? (username === undefined ? 'guest' : ''),
      vhost: vhostOf(url),
      heartbeat: heartbeatSeconds(leaseMs),
    },
    socket: {
      // Frames are small and wait for their answers, which Nagle's algorithm may hold back.
      noDelay: true,
      timeout: timeoutMs,
      signal,
      clientProperties: { connection_name: 'cli-ops', product: 'cli-ops' },
      ...(isSecure && isIP(hostname) === 0 && { servername: hostname }),
      ...(isSecure && tls()),
    },
  }
}

/** A broker gives a silent peer up after one to two of these intervals: within a lease. */
export function heartbeatSeconds(leaseMs: number): number {
  return Math.max(1, Math.floor(leaseMs / 2_000))
}

/** The virtual host stands in the path, encoded: `/` where there is none, `%2F` being the same. */
function vhostOf({ pathname }: URL): string {
  const text = pathname.replace(/^\//u, '')
  if (text === '') return '/'
  if (!text.includes('/')) return text
  throw new TypeError(
    `the path of an AMQP URL must be one virtual host, with %2F for a slash in its name, got "${text}"`,
  )
}
