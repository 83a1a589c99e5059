import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Makes a token that cannot be guessed: 256 bits. */
export function createToken(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * Refuses what does not come from the page itself: a Host of another name (a foreign site whose name was pointed at
 * this machine), and a call that another site's page makes. True where it has answered.
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
  // "none" is a person who opened the link; browsers that are too old to say anything send an Origin with a POST.
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none'
  const isNavigation = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET'
  if (isOwnHost && isOwnOrigin && (isOwnSite || isNavigation)) return false
  response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end('This is the dashboard of cli-ops, which only serves its own page.\n')
  return true
}

/** Tells whether a request carries the token, in a time that says nothing about how much of it was right. */
export function isAuthorized(request: IncomingMessage, token: string): boolean {
  const [, given = ''] = /^Bearer ([\w-]{1,200})$/.exec(request.headers.authorization ?? '') ?? []
  return timingSafeEqual(digest(given), digest(token))
}

/** Of one length, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
