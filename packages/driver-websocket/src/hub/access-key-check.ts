import { createHash, timingSafeEqual } from 'node:crypto'

import { HUB_SCOPES, type AccessKey, type AccessKeySource } from './access-key.js'

const NAME = /^[\w.-]{1,64}$/u
const HASH = /^[0-9a-f]{64}$/iu

/**
 * Returns the currently valid access keys.
 *
 * @throws TypeError if one of them is invalid; the source's own errors
 */
export function currentKeys(source: AccessKeySource): readonly AccessKey[] {
  const keys: unknown = typeof source === 'function' ? source() : source
  if (!Array.isArray(keys))
    throw new TypeError('keys must be an array, or a function that gives one')
  const names = new Set<string>()
  for (const key of keys as readonly AccessKey[]) {
    assertKey(key)
    if (names.has(key.name))
      throw new TypeError(`keys must have different names, got two "${key.name}"`)
    names.add(key.name)
  }
  return keys as readonly AccessKey[]
}

/**
 * Finds the access key of a secret. The time it takes does not depend on how much of a secret is right, or on which key
 * it is.
 */
export function findKey(secret: string, keys: readonly AccessKey[]): AccessKey | undefined {
  const presented = createHash('sha256').update(secret, 'utf8').digest()
  let found: AccessKey | undefined
  for (const key of keys) {
    const isSame = timingSafeEqual(presented, Buffer.from(key.hash, 'hex'))
    found = isSame ? key : found
  }
  return found !== undefined && isGood(found) ? found : undefined
}

/** Returns whether a connection that was made with an access key may continue. */
export function isStillGood(key: AccessKey, keys: readonly AccessKey[]): boolean {
  const now = keys.find(({ name }) => name === key.name)
  return now !== undefined && isGood(now) && factsOf(now) === factsOf(key)
}

/** Returns whether an access key is valid for a namespace. */
export function hasNamespace({ namespaces }: AccessKey, namespace: string): boolean {
  return namespaces === undefined || namespaces.includes(namespace)
}

function isGood({ expiresAt }: AccessKey): boolean {
  return expiresAt === undefined || Date.now() < expiresAt.getTime()
}

function factsOf({ hash, scopes, namespaces }: AccessKey): string {
  return JSON.stringify([hash.toLowerCase(), [...scopes].sort(), namespaces ?? null])
}

function assertKey(key: AccessKey): void {
  const { name, hash, scopes, namespaces, expiresAt } = (key ?? {}) as Partial<AccessKey>
  if (typeof name !== 'string' || !NAME.test(name))
    throw new TypeError('name of an access key must be 1 to 64 letters, digits, ".", "_" or "-"')
  // The value is a secret's hash at best, and at worst the secret itself.
  if (typeof hash !== 'string' || !HASH.test(hash))
    throw new TypeError(
      `the hash of the access key "${name}" must be a SHA-256 in 64 hexadecimal digits`,
    )
  if (!Array.isArray(scopes) || !scopes.every(isScope))
    throw new TypeError(
      `the scopes of the access key "${name}" must be of ${HUB_SCOPES.join(', ')}`,
    )
  if (namespaces !== undefined && !(Array.isArray(namespaces) && namespaces.every(isText)))
    throw new TypeError(`the namespaces of the access key "${name}" must be an array of strings`)
  if (expiresAt !== undefined && !(expiresAt instanceof Date && !Number.isNaN(expiresAt.getTime())))
    throw new TypeError(`expiresAt of the access key "${name}" must be a valid date`)
}

function isScope(value: unknown): boolean {
  return HUB_SCOPES.some((scope) => scope === value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}
