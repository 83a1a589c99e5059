const MAX_DEPTH = 200

/** What keeps a value from being JSON, and where in it, such as `.list[1]`. */
interface Obstacle {
  path: string
  readonly what: string
}

/**
 * Writes a value as JSON. Unlike `JSON.stringify` it refuses, with a `TypeError` that names the place, whatever
 * would be lost on the way: functions, symbols, bigints, NaN, infinities, Maps, Sets and cycles. Members that
 * are `undefined` are left out; objects with `toJSON`, such as dates, are written as they say.
 */
export function toJson(argument: string, value: unknown): string {
  assertJson(argument, value)
  return JSON.stringify(value)
}

/** Throws the `TypeError` of {@link toJson}, for a value that is written later as part of a larger one. */
export function assertJson(argument: string, value: unknown): void {
  // An object that says it is nothing would leave a hole where a value is expected.
  const isNothing = hasToJson(value) && value.toJSON('') === undefined
  const obstacle = isNothing ? { path: '', what: 'undefined' } : findObstacle(value, 0)
  if (obstacle === undefined) return
  throw new TypeError(`${argument}${obstacle.path} must be JSON, got ${obstacle.what}`)
}

/** The path is put together on the way back: nearly every value is JSON, and pays for no text that nobody reads. */
function findObstacle(value: unknown, depth: number): Obstacle | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : { path: '', what: String(value) }
    case 'object':
      return value === null ? undefined : findInObject(value, depth)
    case 'undefined':
      return { path: '', what: 'undefined' }
    case 'bigint':
    case 'function':
    case 'symbol':
      return { path: '', what: `a ${typeof value}` }
  }
}

function findInObject(value: object, depth: number): Obstacle | undefined {
  if (depth > MAX_DEPTH) return { path: '', what: `a cycle or more than ${MAX_DEPTH} levels` }
  if (hasToJson(value)) return undefined
  if (value instanceof Map || value instanceof Set)
    return { path: '', what: `a ${value.constructor.name}` }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const obstacle = findObstacle(value[index], depth + 1)
      if (obstacle !== undefined) return within(`[${index}]`, obstacle)
    }
    return undefined
  }
  for (const key of Object.keys(value)) {
    const member: unknown = value[key as keyof typeof value]
    const obstacle = member === undefined ? undefined : findObstacle(member, depth + 1)
    if (obstacle !== undefined) return within(`.${key}`, obstacle)
  }
  return undefined
}

function within(place: string, obstacle: Obstacle): Obstacle {
  obstacle.path = place + obstacle.path
  return obstacle
}

function hasToJson(value: unknown): value is { toJSON(key: string): unknown } {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { toJSON?: unknown }).toJSON === 'function'
  )
}
