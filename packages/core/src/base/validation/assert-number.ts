import { describe } from '../names/assert-name.js'

/** Throws a `TypeError` that names the option, the rule and the value unless the value is an integer of at least `min`. */
export function assertInteger(
  option: string,
  value: unknown,
  min: number,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= min) return
  throw new TypeError(`${option} must be an integer of at least ${min}, got ${describe(value)}`)
}

/** Like {@link assertInteger}, for a duration: any number that is not negative; `Infinity` for no limit. */
export function assertMilliseconds(option: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(
    `${option} must be a number of milliseconds of at least 0, or Infinity, got ${describe(value)}`,
  )
}
