import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Creates an unguessable token of 256 bits. */
export function createToken(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Refuses requests that do not come from the page itself: those with a foreign Host (a foreign site's name pointed at
 * this machine), and calls from another site's page. Returns true if it has answered.
 */
export function refuseStrangers(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
): boolean {
  const { host, origin, 'sec-fetch-site': site } = request.headers
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  const isOwnHost = host !== undefined && hosts.includes(host)
  const isOwnOrigin = origin === undefined || hosts.some((own) => origin === `http://${own}`)
  // "none" means that a person opened the link. Browsers too old to send this header send an Origin with a POST.
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none'
  const isNavigation = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET'
  if (isOwnHost && isOwnOrigin && (isOwnSite || isNavigation)) return false
  response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end('The cli-ops dashboard serves only its own page.\n')
  return true
}

/** Returns whether a request carries the token, in constant time. */
export function isAuthorized(request: IncomingMessage, token: string): boolean {
  const [, given = ''] = /^Bearer ([\w-]{1,200})$/.exec(request.headers.authorization ?? '') ?? []
  return timingSafeEqual(digest(given), digest(token))
}

/** Hashes to a fixed length for any input. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
