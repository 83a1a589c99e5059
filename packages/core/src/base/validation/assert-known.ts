import { closestName } from '../names/closest-name.js'
import { assertObject } from './assert-object.js'

/**
 * Throws a `TypeError` unless a value is an object whose own fields are all known: a misspelt option would otherwise be one that
 * silently does nothing.
 *
 * @param known the fields that mean something here, named in the message
 * @param ignored fields that are accepted although they mean nothing here
 */
export function assertKnown(
  place: string,
  value: unknown,
  known: readonly string[],
  ignored: readonly string[] = [],
): asserts value is object {
  assertObject(place, value)
  const field = Object.keys(value).find((name) => !known.includes(name) && !ignored.includes(name))
  if (field === undefined) return
  const meant = closestName(field, known)
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
  throw new TypeError(
    `${place} must only have ${known.join(', ')}, got ${JSON.stringify(field)}${hint}`,
  )
}
