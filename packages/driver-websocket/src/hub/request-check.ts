import type { IncomingMessage } from 'node:http'

import { isLoopback } from '../loopback.js'

/** Why a request is refused. */
export interface HttpRejection {
  readonly status: number
  readonly text: string
}

/** What a request is checked against. */
export interface RequestRules {
  /** Whether the hub can be reached from this machine only. */
  readonly isLocal: boolean
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
}

/**
 * Keeps browser pages out. Any page can open connections to this machine, but the request names its origin; a page
 * whose own name resolves to this machine is recognised by that name.
 */
export function checkRequest(
  { headers }: Pick<IncomingMessage, 'headers'>,
  { isLocal, allowedHosts, allowedOrigins }: RequestRules,
): HttpRejection | undefined {
  const { origin, host } = headers
  if (origin !== undefined && !allowedOrigins.includes(origin))
    return { status: 403, text: 'this origin is not allowed' }
  if (!isLocal || isOwnName(host, allowedHosts)) return undefined
  return { status: 403, text: 'this hub does not have that host name' }
}

function isOwnName(host: string | undefined, allowedHosts: readonly string[]): boolean {
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined
  if (host === undefined || url === undefined || url.pathname !== '/') return false
  const name = url.hostname.replace(/^\[(.*)\]$/u, '$1')
  return name === 'localhost' || isLoopback(name) || allowedHosts.includes(name)
}

/** Returns the secret of an `Authorization: Bearer` header. */
export function bearerOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,1024})$/iu.exec(headers.authorization ?? '')?.[1]
}
