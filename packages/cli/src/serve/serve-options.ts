import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'

import type { HubOptions, HubTls } from '@cli-ops/driver-websocket/hub'
import { describe } from '@cli-ops/shared-ipc/ops'

import { parseHubLimits } from './parse-hub-limits.js'

/** The options as commander parses them. */
export interface ServeOptions {
  readonly host: string
  readonly port: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly allowOrigin?: readonly string[]
  readonly allowHost?: readonly string[]
  readonly store: string
  readonly path?: string
  readonly quiet?: boolean
  readonly json?: boolean
  /** Limits, by commander's names. */
  readonly [limit: string]: unknown
}

/** The paths of the certificate and its key. */
export interface TlsPaths {
  readonly cert: string
  readonly key: string
}

/** Parses the options of `serve`. @throws TypeError naming the option, the rule and the value */
export function parseServeOptions(
  options: ServeOptions,
  home: string,
): Omit<HubOptions, 'keys'> & { readonly tlsPaths: TlsPaths | undefined } {
  const { host, port, allowOrigin, allowHost, store, path } = options
  const tlsPaths = tlsPathsOf(options)
  if (tlsPaths === undefined && !isLoopback(host)) {
    throw new TypeError(
      `--host must be 127.0.0.1, ::1 or localhost unless --tls-cert and --tls-key are given, got ${describe(host)}: without TLS, anyone on the network path could read the access keys`,
    )
  }
  return {
    host,
    port,
    allowedOrigins: allowOrigin,
    allowedHosts: allowHost,
    store: { url: store, home },
    path: path === undefined ? undefined : parsePath(path),
    ...parseHubLimits(options),
    tlsPaths,
  }
}

/** Reads a certificate and its key. @throws TypeError naming the option of an unreadable file */
export function readTls({ cert, key }: TlsPaths): HubTls {
  return { cert: readPem('--tls-cert', cert), key: readPem('--tls-key', key) }
}

function tlsPathsOf({ tlsCert: cert, tlsKey: key }: ServeOptions): TlsPaths | undefined {
  if (cert !== undefined && key !== undefined) return { cert, key }
  if (cert === undefined && key === undefined) return undefined
  const [missing, given] = cert === undefined ? ['cert', 'key'] : ['key', 'cert']
  throw new TypeError(`--tls-${missing} must be given together with --tls-${given}`)
}

function readPem(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    throw new TypeError(
      `${option} must be a file that can be read, got ${describe(path)} (${code})`,
      { cause: error },
    )
  }
}

function parsePath(path: string): string {
  if (/^\/$|^(?:\/[\w.~-]+)+$/u.test(path)) return path
  throw new TypeError(
    `--path must begin with "/" and have letters, digits, ".", "_", "~" or "-" between slashes, such as /ops, got ${describe(path)}`,
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
