import { errorText } from '../errors/error-text.js'
import { isInstance } from '../errors/is-instance.js'

const MAX_DEPTH = 200

/** Where a walk is, such as `['.list', '[1]']`, and whether it met an object that says itself what it is as JSON. */
interface Walk {
  readonly path: string[]
  hasToJson: boolean
}

/** What keeps a value from being JSON. */
class Obstacle extends Error {}

/**
 * Writes a value as JSON. Unlike `JSON.stringify` it refuses, with a `TypeError` that names the place, whatever would be
 * lost on the way: functions, symbols, bigints, NaN, infinities, cycles, invalid dates, and objects whose content is
 * not in their own members, such as Maps, Errors, Promises and RegExps. Members that are `undefined` are left out;
 * objects with `toJSON`, such as dates, are written as they say; of a class instance the own members are written.
 */
export function toJson(argument: string, value: unknown): string {
  return JSON.stringify(toPlain(argument, value))
}

/**
 * The value that {@link toJson} writes, for one that is written later as part of a larger one: the value itself, or a copy
 * with the answers of every `toJSON` in it, each of which is asked once.
 *
 * @throws TypeError as {@link toJson}
 */
export function toPlain(argument: string, value: unknown): unknown {
  const walk: Walk = { path: [], hasToJson: false }
  try {
    check(value, walk)
    if (!walk.hasToJson) return value
    const copy = copied('', value, walk)
    // An object that says it is nothing would leave a hole where a value is expected.
    if (copy === undefined) throw new Obstacle('undefined')
    return copy
  } catch (error) {
    // A getter or a toJSON that throws is one more thing that is no JSON.
    const isObstacle = isInstance(error, Obstacle)
    const what = isObstacle ? error.message : `what threw: ${errorText(error)}`
    const message = `${argument}${walk.path.join('')} must be JSON, got ${what}`
    // An obstacle says nothing that the message does not.
    throw new TypeError(message, isObstacle ? undefined : { cause: error })
  }
}

/** Throws an {@link Obstacle} and leaves the path to it. Calls no `toJSON`: nearly no value has one, and none is copied. */
function check(value: unknown, walk: Walk): void {
  if (typeof value !== 'object' || value === null) {
    assertPrimitive(value)
    return
  }
  if (asksForItself(value)) {
    walk.hasToJson = true
    return
  }
  assertOrdinary(value, walk)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      walk.path.push(`[${index}]`)
      check(value[index], walk)
      walk.path.pop()
    }
    return
  }
  for (const key of Object.keys(value)) {
    walk.path.push(`.${key}`)
    const member: unknown = value[key as keyof typeof value]
    if (member !== undefined) check(member, walk)
    walk.path.pop()
  }
}

/** The value as JSON will be read: every `toJSON` is asked, as `JSON.stringify` would, and what it says is looked at. */
function copied(key: string, value: unknown, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null) {
    assertPrimitive(value)
    return value
  }
  if (!asksForItself(value)) return copiedObject(value, walk)
  const said: unknown = value.toJSON(key)
  if (typeof said === 'object' && said !== null) return copiedObject(said, walk)
  if (said !== undefined) assertPrimitive(said)
  return said
}

function copiedObject(value: object, walk: Walk): unknown {
  assertOrdinary(value, walk)
  if (Array.isArray(value)) {
    return Array.from(value as unknown[], (item, index) => {
      walk.path.push(`[${index}]`)
      const copy = copied(String(index), item, walk)
      if (copy === undefined) throw new Obstacle('undefined')
      walk.path.pop()
      return copy
    })
  }
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    walk.path.push(`.${key}`)
    const member: unknown = value[key as keyof typeof value]
    // Readers drop members of this name, and here it would make a prototype.
    if (member !== undefined && key !== '__proto__') copy[key] = copied(key, member, walk)
    walk.path.pop()
  }
  return copy
}

function assertPrimitive(value: unknown): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (Number.isFinite(value)) return
      throw new Obstacle(String(value))
    case 'bigint':
    case 'function':
    case 'symbol':
      throw new Obstacle(`a ${typeof value}`)
    case 'undefined':
      throw new Obstacle('undefined')
    case 'object':
  }
}

/** Refuses an object that JSON would write as something else than what it holds. */
function assertOrdinary(value: object, { path }: Walk): void {
  if (path.length > MAX_DEPTH) throw new Obstacle(`a cycle or more than ${MAX_DEPTH} levels`)
  if (Array.isArray(value) || isPlain(value)) return
  const brand = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (brand === 'Promise') throw new Obstacle('a Promise, which was not awaited')
  // An instance of somebody's class is its members; what has a brand of its own, or no members, keeps its content elsewhere.
  if (brand === 'Object' && Object.keys(value).length > 0) return
  throw new Obstacle(withArticle(brand === 'Object' ? className(value) : brand))
}

/** True for objects of every realm that were made by `{}` or with no prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || prototype === Object.prototype) return true
  // The root of another realm, as under a test runner that isolates its files.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
}

function className(value: object): string {
  const { name } = (value.constructor as { readonly name?: unknown } | undefined) ?? {}
  return typeof name === 'string' && name !== '' ? name : 'object'
}

function withArticle(name: string): string {
  return `${/^[aeiou]/iu.test(name) ? 'an' : 'a'} ${name}, which JSON cannot represent`
}

/** Tells whether an object says itself what it is as JSON. A valid date is known to say its time. */
function asksForItself(value: object): value is { toJSON(key: string): unknown } {
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new Obstacle('an invalid date')
  return typeof (value as { toJSON?: unknown }).toJSON === 'function'
}
