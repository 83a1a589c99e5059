import { assertLockName, assertName, parseJson, printable } from '@cli-ops/shared-ipc/driver'

/** What a client has sent along with a method. Nothing of it is to be trusted. */
export type Params = Readonly<Record<string, unknown>>

const LOCK_ID = /^[\w-]{1,64}$/u
/** Names of files are made of it. */
const INSTANCE = /^[0-9a-f]{12}$/u
const MAX_TEXT = 256

/** The params of a request, which may be left out. @throws TypeError */
export function paramsOf(params: unknown): Params {
  return params === undefined || params === null ? {} : objectIn({ params }, 'params')
}

/** The name of a resource, a group, a service or an event type. @throws TypeError */
export function nameIn(params: Params, key: string): string {
  const value = params[key]
  assertName(key, value)
  return value
}

/** The name of a lock, which may be a slot of a resource. @throws TypeError */
export function lockNameIn(params: Params, key: string): string {
  const value = params[key]
  assertLockName(key, value)
  return value
}

/** As {@link nameIn}, where it may be missing. */
export function optionalNameIn(params: Params, key: string): string | undefined {
  return params[key] === undefined || params[key] === null ? undefined : nameIn(params, key)
}

/** The id of a lock. @throws TypeError */
export function lockIdIn(params: Params, key = 'id'): string {
  return assertMatch(key, params[key], LOCK_ID)
}

/** The random id of an instance, of a listener or of a channel. @throws TypeError */
export function instanceIn(params: Params, key: string): string {
  return assertMatch(key, params[key], INSTANCE)
}

/** @throws TypeError */
export function integerIn(params: Params, key: string, min: number, max: number): number {
  const value = params[key]
  if (Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max)
    return Number(value)
  throw new TypeError(`${key} must be an integer from ${min} to ${max}`)
}

/** @throws TypeError */
export function objectIn(params: Params, key: string): Params {
  const value = params[key]
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Params
  throw new TypeError(`${key} must be an object`)
}

/** @throws TypeError */
export function arrayIn(params: Params, key: string, max: number): readonly unknown[] {
  const value = params[key]
  if (Array.isArray(value) && value.length <= max) return value
  throw new TypeError(`${key} must be an array of at most ${max}`)
}

/** What a client says of itself, so that it can be shown: short, on one line, and without what a terminal would obey. */
export function claimIn(params: Params, key: string): string {
  const value = params[key]
  return typeof value === 'string' ? printable(value).slice(0, MAX_TEXT) : ''
}

/** An object that came as text within its bounds, without prototypes. @throws TypeError */
export function plainCopy(key: string, value: Params, maxBytes: number): Params {
  const json = JSON.stringify(value)
  if (Buffer.byteLength(json) > maxBytes)
    throw new TypeError(`${key} must be at most ${maxBytes} bytes of JSON`)
  return parseJson(json) as Params
}

function assertMatch(key: string, value: unknown, pattern: RegExp): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  throw new TypeError(`${key} must match ${String(pattern)}`)
}
