import { assertLockName, assertName, parseJson, printable } from '@cli-ops/shared-ipc/driver'

/** What a client sent along with a method. None of it can be trusted. */
export type Params = Readonly<Record<string, unknown>>

const LOCK_ID = /^[\w-]{1,64}$/u
/** File names are built from it. */
const INSTANCE = /^[0-9a-f]{12}$/u
const MAX_TEXT = 256

/** Returns the params of a request, which can be missing. @throws TypeError */
export function paramsOf(params: unknown): Params {
  return params === undefined || params === null ? {} : objectIn({ params }, 'params')
}

/** Returns the name of a resource, a group, a service or an event type. @throws TypeError */
export function nameIn(params: Params, key: string): string {
  const value = params[key]
  assertName(key, value)
  return value
}

/** Returns the name of a lock, which can be a slot of a resource. @throws TypeError */
export function lockNameIn(params: Params, key: string): string {
  const value = params[key]
  assertLockName(key, value)
  return value
}

/** As {@link nameIn}, but the name can be missing. */
export function optionalNameIn(params: Params, key: string): string | undefined {
  return params[key] === undefined || params[key] === null ? undefined : nameIn(params, key)
}

/** Returns the id of a lock. @throws TypeError */
export function lockIdIn(params: Params, key = 'id'): string {
  return assertMatch(key, params[key], LOCK_ID)
}

/** Returns the random id of an instance, of a listener or of a channel. @throws TypeError */
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

/** Returns a client's claim about itself in a form safe to show: short, on one line, and without terminal control sequences. */
export function claimIn(params: Params, key: string): string {
  const value = params[key]
  return typeof value === 'string' ? printable(value).slice(0, MAX_TEXT) : ''
}

/** Returns an object that arrived as text within its bounds, without prototypes. @throws TypeError */
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
