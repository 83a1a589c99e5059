import { describe } from '../names/assert-name.js'
import { isObject } from './is-object.js'

/** Throws a `TypeError` that names the option and the value unless the value is an object with fields. */
export function assertObject(option: string, value: unknown): asserts value is object {
  if (!isObject(value)) throw new TypeError(`${option} must be an object, got ${describe(value)}`)
}
