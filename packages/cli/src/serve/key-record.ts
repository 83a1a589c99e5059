import type { HubScope } from '@cli-ops/driver-websocket/hub'
import { assertName, describe } from '@cli-ops/shared-ipc/ops'

/** What an access key allows its bearer to do. */
export const SCOPES = ['read', 'emit', 'lock', 'call'] as const satisfies readonly HubScope[]

/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number]

/** An access key as stored: its secret only as a digest. */
export interface KeyRecord {
  readonly name: string
  /** SHA-256 of the secret, in hexadecimal. */
  readonly hash: string
  readonly scopes: readonly Scope[]
  /** Undefined: every namespace. */
  readonly namespaces?: readonly string[]
  /** RFC 3339, in UTC. */
  readonly createdAt: string
  /** RFC 3339, in UTC; undefined: never. */
  readonly expiresAt?: string
}

const HASH = /^[0-9a-f]{64}$/u
const NAME = /^[\w.-]{1,64}$/u

/** Throws a `TypeError` unless an access key can have this name. */
export function assertKeyName(at: string, name: unknown): asserts name is string {
  if (typeof name === 'string' && NAME.test(name)) return
  throw new TypeError(
    `${at} must be 1 to 64 letters, digits, ".", "_" or "-", got ${describe(name)}`,
  )
}

/** Throws a `TypeError` unless an access key can have this namespace; the empty one is the default namespace. */
export function assertKeyNamespace(at: string, namespace: unknown): asserts namespace is string {
  if (namespace !== '') assertName(at, namespace)
}

/** Parses a key file. @throws TypeError naming the member, the rule and the value */
export function parseKeys(text: string): readonly KeyRecord[] {
  const file = asObject('the file', parse(text))
  if (file['version'] !== 1)
    throw new TypeError(`version must be 1, got ${describe(file['version'])}`)
  const records = asArray('tokens', file['tokens']).map((key, index) =>
    parseKey(`tokens[${index}]`, key),
  )
  const names = new Set(records.map(({ name }) => name))
  if (names.size < records.length) throw new TypeError('keys must have different names')
  return records
}

/** Returns the text of a key file. */
export function formatKeys(keys: readonly KeyRecord[]): string {
  return `${JSON.stringify({ version: 1, tokens: keys }, null, 2)}\n`
}

/** Parses a list of scopes: `read,emit`. @throws TypeError */
export function parseScopes(option: string, text: string): readonly Scope[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))]
  return names.map((name) => assertScope(option, name))
}

/** Returns whether an access key has expired. */
export function isExpired({ expiresAt }: KeyRecord, now = Date.now()): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= now
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TypeError('the file must be JSON')
  }
}

/** Unknown members of the file are dropped, never trusted. */
function parseKey(at: string, value: unknown): KeyRecord {
  const { name, hash, scopes, namespaces, createdAt, expiresAt } = asObject(at, value)
  assertKeyName(`${at}.name`, name)
  if (typeof hash !== 'string' || !HASH.test(hash))
    throw new TypeError(`${at}.hash must be a SHA-256 in hexadecimal`)
  const known = asArray(`${at}.scopes`, scopes).map((scope) => assertScope(`${at}.scopes`, scope))
  return {
    name,
    hash,
    scopes: known,
    ...(namespaces !== undefined && { namespaces: asNamespaces(`${at}.namespaces`, namespaces) }),
    createdAt: asTime(`${at}.createdAt`, createdAt),
    ...(expiresAt !== undefined && { expiresAt: asTime(`${at}.expiresAt`, expiresAt) }),
  }
}

function asObject(at: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>
  throw new TypeError(`${at} must be an object, got ${describe(value)}`)
}

function asArray(at: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError(`${at} must be an array, got ${describe(value)}`)
}

function asNamespaces(at: string, value: unknown): readonly string[] {
  return asArray(at, value).map((namespace) => {
    assertKeyNamespace(at, namespace)
    return namespace
  })
}

function asTime(at: string, value: unknown): string {
  if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return value
  throw new TypeError(`${at} must be an RFC 3339 time, got ${describe(value)}`)
}

function assertScope(at: string, name: unknown): Scope {
  const scope = SCOPES.find((one) => one === name)
  if (scope !== undefined) return scope
  throw new TypeError(`${at} must be one or more of ${SCOPES.join(', ')}, got ${describe(name)}`)
}
