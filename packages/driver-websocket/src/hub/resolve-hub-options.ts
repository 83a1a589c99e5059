import { lookup } from 'node:dns/promises'
import { createSecureContext } from 'node:tls'

import { assertKnown, CliOpsError, openDriver, parseEngineUrl } from '@cli-ops/shared-ipc/driver'

import { isLoopback } from '../loopback.js'
import type { HubOptions, HubTls } from './hub-options.js'
import { currentKeys } from './access-key-check.js'

/** {@link HubOptions} with every default filled in. */
export type ResolvedHubOptions = Pick<HubOptions, 'tls' | 'signal' | 'socketFd'> & {
  readonly [
    Name in Exclude<keyof HubOptions, 'tls' | 'signal' | 'socketFd' | 'store'>
  ]-?: NonNullable<HubOptions[Name]>
} & {
  /** The address to listen on. */
  readonly address: string
  readonly store: { readonly url: string; readonly home: string | undefined }
}

const HUB_OPTIONS = Object.keys({
  host: true,
  port: true,
  socketFd: true,
  takeoverMs: true,
  path: true,
  tls: true,
  keys: true,
  store: true,
  allowedOrigins: true,
  allowedHosts: true,
  maxFrameBytes: true,
  maxBufferedBytes: true,
  maxConnections: true,
  maxConnectionsPerKey: true,
  maxInFlight: true,
  maxSessions: true,
  maxSessionsPerKey: true,
  leaseMs: true,
  drainMs: true,
  onLog: true,
  signal: true,
} satisfies Record<keyof HubOptions, true>)

const PATH = /^\/$|^(?:\/[\w.~-]+)+$/u
const MOST_CONNECTIONS = 1_000_000
const NO_STORES = /^(?:memory|wss?):/u

/**
 * Validates the options, resolves the host and fills in the defaults.
 *
 * @throws TypeError that names the option, the rule and the value
 * @throws CliOpsError `ENGINE_UNAVAILABLE` if the host is unknown
 */
export async function resolveHubOptions(options: HubOptions): Promise<ResolvedHubOptions> {
  assertKnown('options', options, HUB_OPTIONS)
  const { host = '127.0.0.1', port = 0, tls, keys, store = {}, signal, socketFd } = options
  signal?.throwIfAborted()
  if (typeof host !== 'string' || host === '')
    throw new TypeError('host must be a name or an address')
  const connections = integer(
    'maxConnections',
    options.maxConnections ?? 1_024,
    1,
    MOST_CONNECTIONS,
  )
  const perKey = integer(
    'maxConnectionsPerKey',
    options.maxConnectionsPerKey ?? 256,
    1,
    MOST_CONNECTIONS,
  )
  const limits = {
    port: integer('port', port, 0, 65_535),
    maxFrameBytes: integer('maxFrameBytes', options.maxFrameBytes ?? 2 * 1024 * 1024, 64 * 1024),
    maxBufferedBytes: integer(
      'maxBufferedBytes',
      options.maxBufferedBytes ?? 8 * 1024 * 1024,
      64 * 1024,
    ),
    maxConnections: connections,
    maxConnectionsPerKey: perKey,
    maxSessions: integer('maxSessions', options.maxSessions ?? 2 * connections, 1),
    maxSessionsPerKey: integer('maxSessionsPerKey', options.maxSessionsPerKey ?? 2 * perKey, 1),
    leaseMs: integer('leaseMs', options.leaseMs ?? 10_000, 100, 3_600_000),
    maxInFlight: integer('maxInFlight', options.maxInFlight ?? 1_024, 1),
    takeoverMs: integer('takeoverMs', options.takeoverMs ?? 0, 0, 86_400_000),
    drainMs: integer('drainMs', options.drainMs ?? 5_000, 0, 3_600_000),
  }
  if (socketFd !== undefined) integer('socketFd', socketFd, 0, 2 ** 31 - 1)
  if (tls !== undefined) assertTls(tls)
  currentKeys(keys)
  assertKnown('store', store, ['url', 'home'])
  const { url = 'local:', home } = store
  if (typeof url !== 'string' || NO_STORES.test(url) || parseEngineUrl(url) === undefined)
    throw new TypeError('store.url must be local: or the URL of an engine that outlives the hub')
  // Throws if they are wrong.
  void openDriver({ url, home, namespace: '', disabled: false }, 'locks').close()
  const address = await addressOf(host)
  if (tls === undefined && !isLoopback(address)) {
    throw new TypeError(
      `host must be a loopback address, such as 127.0.0.1, without tls, got ${JSON.stringify(host)}; give tls, or use a tunnel`,
    )
  }
  return {
    ...limits,
    host,
    address,
    path: pathOf(options.path),
    socketFd,
    tls,
    keys,
    signal,
    store: { url, home },
    allowedOrigins: texts('allowedOrigins', options.allowedOrigins),
    allowedHosts: texts('allowedHosts', options.allowedHosts),
    onLog: options.onLog ?? (() => undefined),
  }
}

/** Throws a `TypeError` unless these are a certificate and its key. */
export function assertTls(tls: HubTls): void {
  assertKnown('tls', tls, ['cert', 'key'])
  const { cert, key } = tls
  if (!isPem(cert) || !isPem(key)) throw new TypeError('tls must have cert and key, both PEM texts')
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TypeError(`tls must be a certificate and its key: ${reason}`, { cause })
  }
}

async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host)).address
  } catch (cause) {
    const message = `the hub cannot listen on ${JSON.stringify(host)}: the name cannot be resolved`
    throw new CliOpsError('ENGINE_UNAVAILABLE', message, { cause })
  }
}

function integer(
  option: string,
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max)
    return Number(value)
  throw new TypeError(`${option} must be an integer from ${min} to ${max}, got ${String(value)}`)
}

function pathOf(path: unknown = '/'): string {
  if (typeof path === 'string' && PATH.test(path)) return path
  throw new TypeError(
    `path must begin with "/", not end with it, and have letters, digits, ".", "_", "~" or "-" between, got ${JSON.stringify(path)}`,
  )
}

function texts(option: string, value: readonly string[] = []): readonly string[] {
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value
  throw new TypeError(`${option} must be an array of strings`)
}

function isPem(value: unknown): boolean {
  return (typeof value === 'string' || Buffer.isBuffer(value)) && value.length > 0
}
