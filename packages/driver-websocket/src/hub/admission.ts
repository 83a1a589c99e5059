import type { IncomingMessage } from 'node:http'

import { isLoopback } from '../loopback.js'
import { SUBPROTOCOL } from '../protocol/protocol.js'
import { AttemptLimit } from './attempt-limit.js'
import type { AccessKey } from './access-key.js'
import { bearerOf, checkRequest, type HttpRejection } from './request-check.js'
import type { ResolvedHubOptions } from './resolve-hub-options.js'
import { currentKeys, findKey } from './access-key-check.js'

/** Set by proxies: behind one, a client can be anywhere, whatever its address says. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/** The numbers of open connections. */
export interface ConnectionCounts {
  readonly all: number
  /** For one access key. */
  of(key: string): number
}

/** Decides which clients get in, and with which access key. */
export class Admission {
  readonly #options: ResolvedHubOptions
  readonly #attempts = new AttemptLimit()

  constructor(options: ResolvedHubOptions) {
    this.#options = options
  }

  /** Refuses requests from pages of a browser that are not allowed. */
  check(request: IncomingMessage): HttpRejection | undefined {
    const { tls, allowedHosts, allowedOrigins } = this.#options
    return checkRequest(request, { isLocal: tls === undefined, allowedHosts, allowedOrigins })
  }

  /** Returns the access key of a request for a connection, or its refusal. */
  admit(request: IncomingMessage, counts: ConnectionCounts): AccessKey | HttpRejection {
    const refusal = this.check(request)
    if (refusal !== undefined) return refusal
    const { maxConnections, maxConnectionsPerKey, path } = this.#options
    if (request.url !== path && request.url !== `${path}/`)
      return { status: 404, text: 'not found' }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/u)
    if (!offered.includes(SUBPROTOCOL))
      return { status: 400, text: `the subprotocol must be ${SUBPROTOCOL}` }
    const key = this.#keyOf(request)
    if ('status' in key) return key
    if (counts.all >= maxConnections) return { status: 503, text: 'the hub is full' }
    if (counts.of(key.name) >= maxConnectionsPerKey)
      return { status: 503, text: 'too many connections with this access key' }
    return key
  }

  /** Refuses access to the metrics, except from this machine or with an access key that can read everything. */
  refuseMetrics(request: IncomingMessage): HttpRejection | undefined {
    const { remoteAddress = '' } = request.socket
    const isForwarded = FORWARDED.some((header) => request.headers[header] !== undefined)
    const { authorization } = request.headers
    if (authorization === undefined && isLoopback(remoteAddress) && !isForwarded) return undefined
    const key = this.#keyOf(request)
    if ('status' in key) return key
    if (key.scopes.includes('read') && key.namespaces === undefined) return undefined
    return {
      status: 403,
      text: 'the metrics require an access key with the scope "read" for all namespaces',
    }
  }

  #keyOf(request: IncomingMessage): AccessKey | HttpRejection {
    const { remoteAddress = 'unknown' } = request.socket
    let key: AccessKey | undefined
    try {
      key = findKey(bearerOf(request) ?? '', currentKeys(this.#options.keys))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.onLog(`cannot read the access keys: ${reason}`)
      return { status: 503, text: 'the hub cannot read its access keys' }
    }
    if (key !== undefined) return key
    return this.#attempts.fail(remoteAddress)
      ? { status: 429, text: 'too many attempts' }
      : { status: 401, text: 'the access key is missing, unknown or expired' }
  }
}
