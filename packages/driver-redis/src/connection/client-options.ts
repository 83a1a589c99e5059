import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

import type { DriverOptions, TlsFiles } from '@cli-ops/shared-ipc/driver'
import type { RedisOptions } from 'ioredis'

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26_379

/** The address of a node. */
export interface NodeAddress {
  readonly host: string
  readonly port: number
}

/** Returns the hosts and ports of a URL; those after the first are in its query. */
export function hostsOf(url: URL): readonly NodeAddress[] {
  const defaultPort = url.protocol.endsWith('+sentinel:') ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT
  const addressOf = ({ hostname, port }: URL): NodeAddress => ({
    // The brackets belong to the URL, not to the IPv6 address.
    host: hostname.replace(/^\[(.*)\]$/u, '$1') || '127.0.0.1',
    port: port === '' ? defaultPort : Number(port),
  })
  const others = url.searchParams.getAll('host').map((host) => new URL(`redis://${host}`))
  return [url, ...others].map(addressOf)
}

/**
 * Returns options for a client that is a single connection. They turn off the library's own recovery: after a fault it
 * would resend commands that may have been executed, buffer commands without a limit, and read on from `$`.
 *
 * @throws CliOpsError `ENGINE_UNAVAILABLE` if a secret's file cannot be read
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
  // Server name indication does not allow an address (RFC 6066); it is still compared with the certificate.
  return isIP(host) === 0 ? { servername: host, ...files } : { ...files }
}

/** Returns whether a URL asks for TLS. */
export function isEncrypted({ protocol }: URL): boolean {
  return /^(?:rediss|valkeys)(?:\+|:)/u.test(protocol)
}

/** Returns the database number in a URL. @throws TypeError if it is not a number */
export function databaseOf({ pathname, protocol }: URL): number {
  // In a sentinel URL it follows the primary's name.
  const at = protocol.endsWith('+sentinel:') ? 2 : 1
  const text = pathname.split('/').slice(at).join('/')
  if (/^\d{0,5}$/u.test(text)) return Number(text)
  throw new TypeError(`the path of a Redis URL must be a database number, got "${text}"`)
}
