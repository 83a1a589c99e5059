const MAX_DEPTH = 200

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
export function assertJson(place: string, value: unknown, depth = 0): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) refuse(place, String(value))
      return
    case 'object':
      if (value !== null) assertJsonObject(place, value, depth)
      return
    case 'undefined':
      refuse(place, 'undefined')
      return
    case 'bigint':
    case 'function':
    case 'symbol':
      refuse(place, `a ${typeof value}`)
  }
}

function assertJsonObject(place: string, value: object, depth: number): void {
  if (depth > MAX_DEPTH) refuse(place, `a cycle or more than ${MAX_DEPTH} levels`)
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return
  if (value instanceof Map || value instanceof Set) refuse(place, `a ${value.constructor.name}`)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1)
      assertJson(`${place}[${index}]`, value[index], depth + 1)
    return
  }
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) assertJson(`${place}.${key}`, member, depth + 1)
  }
}

function refuse(place: string, what: string): never {
  throw new TypeError(`${place} must be JSON, got ${what}`)
}
