import type { IncomingMessage } from 'node:http'

import { isLoopback } from '../loopback.js'

/** Why a request is not answered as it wishes. */
export interface HttpRejection {
  readonly status: number
  readonly text: string
}

/** What a request is measured by. */
export interface RequestRules {
  /** The hub is reached from this machine only. */
  readonly isLocal: boolean
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
}

/**
 * Keeps the pages of a browser out. A page of anybody may open connections to this machine, and says where it is from; one that has
 * its own name resolve to this machine is told by that name.
 */
export function checkRequest(
  { headers }: Pick<IncomingMessage, 'headers'>,
  { isLocal, allowedHosts, allowedOrigins }: RequestRules,
): HttpRejection | undefined {
  const { origin, host } = headers
  if (origin !== undefined && !allowedOrigins.includes(origin))
    return { status: 403, text: 'this origin is not allowed' }
  if (!isLocal || isOwnName(host, allowedHosts)) return undefined
  return { status: 403, text: 'this hub is not known by that host name' }
}

function isOwnName(host: string | undefined, allowedHosts: readonly string[]): boolean {
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined
  if (host === undefined || url === undefined || url.pathname !== '/') return false
  const name = url.hostname.replace(/^\[(.*)\]$/u, '$1')
  return name === 'localhost' || isLoopback(name) || allowedHosts.includes(name)
}

/** The secret of an `Authorization: Bearer` header. */
export function bearerOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,1024})$/iu.exec(headers.authorization ?? '')?.[1]
}
