import { errorText } from '../errors/error-text.js'
import { isInstance } from '../errors/is-instance.js'

const MAX_DEPTH = 200
/** Members of a path that a message shows. */
const MAX_SHOWN = 20

/** The position of a walk, such as `['.list', '[1]']`, and whether it found an object with a `toJSON`. */
interface Walk {
  readonly path: string[]
  hasToJson: boolean
}

/** The reason that a value is not JSON. */
class Obstacle extends Error {}

/**
 * Serialises a value as JSON. Unlike `JSON.stringify`, it refuses anything that would be lost, with a `TypeError` that names the
 * place: functions, symbols, bigints, NaN, infinities, cycles, invalid dates, and objects whose content is not in their own members,
 * such as Maps, Errors, Promises and RegExps. Omits members that are `undefined`, honours `toJSON`, and writes the own members of a
 * class instance.
 */
export function toJson(argument: string, value: unknown): string {
  return JSON.stringify(toPlain(argument, value))
}

/**
 * Returns the value that {@link toJson} would serialise, for use in a larger value: the value itself, or a copy with the result of
 * every `toJSON`, each called once.
 *
 * @throws TypeError like {@link toJson}
 */
export function toPlain(argument: string, value: unknown): unknown {
  const walk: Walk = { path: [], hasToJson: false }
  try {
    check(value, walk)
    if (!walk.hasToJson) return value
    const copy = copied('', value, walk)
    // A `toJSON` that returns undefined would leave a hole where a value is expected.
    if (copy === undefined) throw new Obstacle('undefined')
    return copy
  } catch (error) {
    // A getter or a toJSON that throws means that the value is not JSON, either.
    const isObstacle = isInstance(error, Obstacle)
    const what = isObstacle ? error.message : `an error: ${errorText(error)}`
    const message = `${argument}${shown(walk.path)} must be JSON, got ${what}`
    // An obstacle adds nothing to the message.
    throw new TypeError(message, isObstacle ? undefined : { cause: error })
  }
}

/** Shortens a path that a cycle has made long: its beginning names the place. */
function shown(path: readonly string[]): string {
  if (path.length <= MAX_SHOWN) return path.join('')
  return `${path.slice(0, MAX_SHOWN).join('')}…`
}

/**
 * Throws an {@link Obstacle} and leaves its path in the walk. Does not call `toJSON`: few values have one, and values without one are
 * not copied.
 */
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

/** Returns the value as JSON will represent it: calls every `toJSON`, as `JSON.stringify` does, and checks its result. */
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
    // Readers drop members with this name, and here it would set a prototype.
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

/** Refuses an object whose content JSON would not represent. */
function assertOrdinary(value: object, { path }: Walk): void {
  if (path.length > MAX_DEPTH) throw new Obstacle(`a cycle or more than ${MAX_DEPTH} levels`)
  if (Array.isArray(value) || isPlain(value)) return
  const brand = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (brand === 'Promise') throw new Obstacle('a Promise that was not awaited')
  // An instance of a user's class consists of its members; an object with its own brand, or without members, keeps its
  // content elsewhere.
  if (brand === 'Object' && Object.keys(value).length > 0) return
  throw new Obstacle(withArticle(brand === 'Object' ? className(value) : brand))
}

/** Returns true for objects of any realm created by `{}` or without a prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || prototype === Object.prototype) return true
  // The root prototype of another realm, as under a test runner that isolates its files.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
}

function className(value: object): string {
  const { name } = (value.constructor as { readonly name?: unknown } | undefined) ?? {}
  return typeof name === 'string' && name !== '' ? name : 'object'
}

function withArticle(name: string): string {
  return `${/^[aeiou]/iu.test(name) ? 'an' : 'a'} ${name}, which JSON cannot represent`
}

/** Returns whether an object has a `toJSON`, as valid dates do. Throws for an invalid date. */
function asksForItself(value: object): value is { toJSON(key: string): unknown } {
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new Obstacle('an invalid date')
  return typeof (value as { toJSON?: unknown }).toJSON === 'function'
}
