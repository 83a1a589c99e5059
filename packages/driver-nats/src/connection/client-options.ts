import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'

import { CliOpsError, describeEngine, type DriverOptions } from '@cli-ops/shared-ipc/driver'
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
} from '@nats-io/transport-node'

const DEFAULT_PORT = 4222
const MAX_REPLICAS = 5

/** What a URL specifies besides credentials. */
export interface Target {
  /** `host:port`, of which any will do: they form one cluster. */
  readonly servers: readonly string[]
  readonly withTls: boolean
  /** Copies of stored messages; `undefined` means three in a cluster, else one. */
  readonly replicas: number | undefined
  /** Whether the server's operator says that it syncs what it acknowledges (`sync_interval: always`). */
  readonly isSynced: boolean
}

/**
 * Parses a URL: its hosts (`one:4222,two:4222`), `replicas` and `sync`.
 *
 * @throws TypeError if a parameter is not supported
 */
export function parseTarget({ protocol, host, searchParams }: URL): Target {
  for (const name of searchParams.keys()) {
    if (['host', 'replicas', 'sync'].includes(name)) continue
    throw new TypeError(
      `a NATS URL takes host, replicas and sync as parameters, got ${JSON.stringify(name)}`,
    )
  }
  const named = searchParams.getAll('host').flatMap((list) => list.split(','))
  return {
    servers: [host, ...named].filter((each) => each !== '').map(withPort),
    withTls: protocol === 'natss:',
    replicas: replicasOf(searchParams.get('replicas')),
    isSynced: isSynced(searchParams.get('sync')),
  }
}

function withPort(host: string): string {
  return /:\d+$/u.test(host) ? host : `${host}:${DEFAULT_PORT}`
}

function replicasOf(text: string | null): number | undefined {
  if (text === null) return undefined
  const replicas = Number(text)
  if (Number.isInteger(replicas) && replicas > 0 && replicas <= MAX_REPLICAS) return replicas
  throw new TypeError(
    `replicas must be a number from 1 to ${MAX_REPLICAS}, got ${JSON.stringify(text)}`,
  )
}

function isSynced(text: string | null): boolean {
  if (text === null || text === 'always') return text !== null
  throw new TypeError(`sync must be "always" or absent, got ${JSON.stringify(text)}`)
}

/** Returns options for a connection to one server, without reconnection. @throws CliOpsError if a secret's file cannot be read */
export function clientOptions(
  options: DriverOptions,
  target: Target,
  server: string,
): ConnectionOptions {
  const { url, timeoutMs, credentials, tls } = options
  const { username, password } = credentials()
  const { ca, cert, key, servername } = tls()
  const authenticator = credsOf(url)
  return {
    servers: [server],
    name: 'cli-ops',
    // The kit itself reconnects, since it has to know what was lost while disconnected.
    reconnect: false,
    ignoreClusterUpdates: true,
    timeout: Math.max(1, Math.floor(timeoutMs / target.servers.length)),
    ...(authenticator !== undefined && { authenticator }),
    // As NATS defines it: a user without a password, or a password without a user, is a token.
    ...(username !== undefined && password !== undefined
      ? { user: username, pass: password }
      : (password ?? username) !== undefined && { token: password ?? username ?? '' }),
    tls: target.withTls
      ? {
          ...(ca !== undefined && { ca: ca.toString() }),
          ...(cert !== undefined && { cert: cert.toString() }),
          ...(key !== undefined && { key: key.toString() }),
          ...(servername === undefined ? hostOf(server) : { servername }),
        }
      : null,
  }
}

/** Server name indication does not allow an address (RFC 6066); it is still compared with the certificate. */
function hostOf(server: string): { readonly host?: string } {
  const host = server.replace(/:\d+$/u, '').replace(/^\[(.*)\]$/u, '$1')
  return isIP(host) === 0 ? {} : { host }
}

/** Authenticates with `CLI_OPS_NATS_CREDS_FILE`, a file created by `nsc`. It is read for each connection. */
function credsOf(url: URL): Authenticator | undefined {
  const path = process.env['CLI_OPS_NATS_CREDS_FILE']
  if (path === undefined || path === '') return undefined
  try {
    return credsAuthenticator(readFileSync(path))
  } catch (error) {
    throw new CliOpsError(
      'ENGINE_UNAVAILABLE',
      `cannot use ${describeEngine(url)}: cannot read the file that CLI_OPS_NATS_CREDS_FILE names (${String((error as NodeJS.ErrnoException).code)})`,
    )
  }
}
