import { isIP } from 'node:net'

import type { DriverOptions, TlsFiles } from '@cli-ops/shared-ipc/driver'
import type { ClientConfig } from 'pg'

const DEFAULT_PORT = 5432
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const

/** A server named in a URL. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** What a URL specifies besides credentials. */
export interface Target {
  /** The servers, in the order to try them. */
  readonly servers: readonly ServerAddress[]
  /** If empty, the database named after the user, as everywhere in PostgreSQL. */
  readonly database: string
  readonly withTls: boolean
}

/**
 * Reads a URL: the database, `sslmode` and the hosts (`one:5432,two:5433`, or in libpq's form,
 * `?host=one,two&port=5432,5433`), of which the driver uses the one that takes writes. Certificates are checked
 * whenever TLS is used.
 *
 * @throws TypeError if a parameter is not supported
 */
export function parseTarget(url: URL): Target {
  const { pathname, searchParams } = url
  for (const name of searchParams.keys()) {
    if (['host', 'port', 'sslmode', 'target_session_attrs'].includes(name)) continue
    throw new TypeError(
      `a PostgreSQL URL takes host, port, sslmode and target_session_attrs, got ${JSON.stringify(name)}`,
    )
  }
  return {
    servers: serversOf(url),
    database: decodeURIComponent(pathname.replace(/^\//u, '')),
    withTls: sslModeOf(searchParams) !== 'disable',
  }
}

/** Returns the hosts of the authority, whose second and later hosts have become parameters, and of libpq's parameters. */
function serversOf({ hostname, port, searchParams }: URL): ServerAddress[] {
  const named = searchParams.getAll('host').flatMap((list) => list.split(','))
  const ports = searchParams.getAll('port').flatMap((list) => list.split(','))
  if (ports.length > 1 && ports.length !== named.length)
    throw new TypeError(`port must name one port, or one for each of ${named.length} hosts`)
  const others = named.map((text, index) => {
    const [, host = text, own = ''] = /^(\[.*\]|[^:]*):(\d+)$/u.exec(text) ?? []
    return addressOf(host, own || (ports[index] ?? ports[0] ?? port))
  })
  return hostname === '' && others.length > 0
    ? others
    : [
        addressOf(
          decodeURIComponent(hostname),
          port || (named.length === 0 ? (ports[0] ?? '') : ''),
        ),
        ...others,
      ]
}

function addressOf(host: string, port: string): ServerAddress {
  // The brackets belong to the URL, not to the IPv6 address.
  return { host: host.replace(/^\[(.*)\]$/u, '$1') || '127.0.0.1', port: portOf(port) }
}

function portOf(text: string): number {
  const port = text === '' ? DEFAULT_PORT : Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new TypeError(`port must be a number from 1 to 65535, got ${JSON.stringify(text)}`)
}

function sslModeOf(parameters: URLSearchParams): (typeof SSL_MODES)[number] {
  const given = parameters.get('sslmode') ?? 'disable'
  const mode = SSL_MODES.find((each) => each === given)
  if (mode !== undefined) return mode
  throw new TypeError(
    `sslmode must be one of ${SSL_MODES.join(', ')}, got ${JSON.stringify(given)}`,
  )
}

/** Returns options for a client with one connection to one server. @throws CliOpsError if a secret's file cannot be read */
export function clientConfig(
  { timeoutMs, credentials, tls }: DriverOptions,
  { database, withTls }: Target,
  { host, port }: ServerAddress,
): ClientConfig & { readonly pipeline: boolean } {
  const { username, password } = credentials()
  return {
    host,
    port,
    ...(username !== undefined && { user: username }),
    // As a function, it keeps the client library from reading ~/.pgpass, which prints a warning on stderr.
    password: () => password ?? process.env['PGPASSWORD'] ?? '',
    ...(database !== '' && { database }),
    ssl: withTls ? tlsOptions(host, tls()) : false,
    application_name: 'cli-ops',
    connectionTimeoutMillis: timeoutMs,
    // Calls from one process do not wait for each other's answers.
    pipeline: true,
  }
}

function tlsOptions(host: string, files: TlsFiles) {
  // Server name indication does not allow an address (RFC 6066); it is still compared with the certificate.
  return isIP(host) === 0 ? { servername: host, ...files } : { host, ...files }
}
