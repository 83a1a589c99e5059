import { createHash, timingSafeEqual } from 'node:crypto'

import { HUB_SCOPES, type HubToken, type TokenSource } from './hub-token.js'

const NAME = /^[\w.-]{1,64}$/u
const HASH = /^[0-9a-f]{64}$/iu

/**
 * The tokens that are good now.
 *
 * @throws TypeError where one of them is not as it has to be; the source's own errors
 */
export function currentTokens(source: TokenSource): readonly HubToken[] {
  const tokens: unknown = typeof source === 'function' ? source() : source
  if (!Array.isArray(tokens))
    throw new TypeError('tokens must be an array, or a function that gives one')
  const names = new Set<string>()
  for (const token of tokens as readonly HubToken[]) {
    assertToken(token)
    if (names.has(token.name))
      throw new TypeError(`tokens must have different names, got two "${token.name}"`)
    names.add(token.name)
  }
  return tokens as readonly HubToken[]
}

/** Finds the token that a secret is of. What it takes does not depend on how much of a secret is right, or on which token it is. */
export function findToken(secret: string, tokens: readonly HubToken[]): HubToken | undefined {
  const presented = createHash('sha256').update(secret, 'utf8').digest()
  let found: HubToken | undefined
  for (const token of tokens) {
    const isSame = timingSafeEqual(presented, Buffer.from(token.hash, 'hex'))
    found = isSame ? token : found
  }
  return found !== undefined && isGood(found) ? found : undefined
}

/** Whether a connection that was made with a token may go on. */
export function isStillGood(token: HubToken, tokens: readonly HubToken[]): boolean {
  const now = tokens.find(({ name }) => name === token.name)
  return now !== undefined && isGood(now) && factsOf(now) === factsOf(token)
}

/** Whether a token is good for a namespace. */
export function hasNamespace({ namespaces }: HubToken, namespace: string): boolean {
  return namespaces === undefined || namespaces.includes(namespace)
}

function isGood({ expiresAt }: HubToken): boolean {
  return expiresAt === undefined || Date.now() < expiresAt.getTime()
}

function factsOf({ hash, scopes, namespaces }: HubToken): string {
  return JSON.stringify([hash.toLowerCase(), [...scopes].sort(), namespaces ?? null])
}

function assertToken(token: HubToken): void {
  const { name, hash, scopes, namespaces, expiresAt } = (token ?? {}) as Partial<HubToken>
  if (typeof name !== 'string' || !NAME.test(name))
    throw new TypeError('token.name must be 1 to 64 letters, digits, ".", "_" or "-"')
  // The value is a secret's hash at best, and at worst the secret itself.
  if (typeof hash !== 'string' || !HASH.test(hash))
    throw new TypeError(
      `the hash of the token "${name}" must be a SHA-256 in 64 hexadecimal digits`,
    )
  if (!Array.isArray(scopes) || !scopes.every(isScope))
    throw new TypeError(`the scopes of the token "${name}" must be of ${HUB_SCOPES.join(', ')}`)
  if (namespaces !== undefined && !(Array.isArray(namespaces) && namespaces.every(isText)))
    throw new TypeError(`the namespaces of the token "${name}" must be an array of strings`)
  if (expiresAt !== undefined && !(expiresAt instanceof Date && !Number.isNaN(expiresAt.getTime())))
    throw new TypeError(`expiresAt of the token "${name}" must be a valid date`)
}

function isScope(value: unknown): boolean {
  return HUB_SCOPES.some((scope) => scope === value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}
