import { closestName } from '../names/closest-name.js'
import { assertObject } from './assert-object.js'

/**
 * Throws a `TypeError` unless a value is an object whose own fields are all known: a misspelt option would otherwise silently do
 * nothing.
 *
 * @param known the fields that have a meaning here; the message suggests one of them, or lists them
 * @param ignored fields that are accepted without a meaning here
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
  const hint =
    meant === undefined
      ? `known keys: ${known.join(', ')}`
      : `did you mean ${JSON.stringify(meant)}?`
  throw new TypeError(`${place} has an unknown key ${JSON.stringify(field)}; ${hint}`)
}
