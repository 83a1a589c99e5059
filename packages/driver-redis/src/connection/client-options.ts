import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

import type { DriverOptions, TlsFiles } from '@cli-ops/shared-ipc/driver'
import type { RedisOptions } from 'ioredis'

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26_379

/** Where a node is. */
export interface NodeAddress {
  readonly host: string
  readonly port: number
}

/** Hosts and ports of a URL; those behind the first stand in its query. */
export function hostsOf(url: URL): readonly NodeAddress[] {
  const defaultPort = url.protocol.endsWith('+sentinel:') ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT
  const addressOf = ({ hostname, port }: URL): NodeAddress => ({
    // Brackets belong to the URL and not to an IPv6 address.
    host: hostname.replace(/^\[(.*)\]$/u, '$1') || '127.0.0.1',
    port: port === '' ? defaultPort : Number(port),
  })
  const others = url.searchParams.getAll('host').map((host) => new URL(`redis://${host}`))
  return [url, ...others].map(addressOf)
}

/**
 * Options for a client that is one connection and nothing more. What the library would do by itself after a fault is off:
 * it would send again what may have been done already, hold commands back without a limit, and read on from `$`.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE` where a file with a secret cannot be read
 */
export function clientOptions(
  { url, timeoutMs, credentials, tls }: DriverOptions,
  { host, port }: NodeAddress,
): RedisOptions & { readonly replyMapping: 'legacy' } {
  const { username, password } = credentials()
  return {
    host,
    port,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isEncrypted(url) && { tls: tlsOptions(host, tls()) }),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    disableClientInfo: true,
    connectionName: 'cli-ops',
    protocol: 2,
    replyMapping: 'legacy',
  }
}

function tlsOptions(host: string, files: TlsFiles): ConnectionOptions {
  // An address is no name that may be asked for (RFC 6066); it is compared with the certificate all the same.
  return isIP(host) === 0 ? { servername: host, ...files } : { ...files }
}

function isEncrypted({ protocol }: URL): boolean {
  return /^(?:rediss|valkeys)(?:\+|:)/u.test(protocol)
}

/** The number of the database that a URL names. @throws TypeError for what is no number */
export function databaseOf({ pathname, protocol }: URL): number {
  // That of a sentinel URL stands behind the name of the primary.
  const at = protocol.endsWith('+sentinel:') ? 2 : 1
  const text = pathname.split('/').slice(at).join('/')
  if (/^\d{0,5}$/u.test(text)) return Number(text)
  throw new TypeError(`the path of a Redis URL must be the number of a database, got "${text}"`)
}
