import { assertName, describe } from '../../base/names/assert-name.js'

/** More is a sign of a mistake, and each slot is a lock. */
const MAX_SLOTS = 1000
const MAX_NAME = 200

/** The number of slots, named '1', '2', …, or the list of their names. */
export type Slots = number | readonly string[]

/** Throws a `TypeError` that names the argument, the rule and the value unless the value is a number or list of slots. */
export function assertSlots(argument: string, value: unknown): asserts value is Slots {
  if (!Array.isArray(value)) {
    if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_SLOTS) return
    throw new TypeError(
      `${argument} must be a whole number from 1 to ${MAX_SLOTS} or a list of names, got ${describe(value)}`,
    )
  }
  const names: readonly unknown[] = value
  if (names.length === 0 || names.length > MAX_SLOTS)
    throw new TypeError(`${argument} must name 1 to ${MAX_SLOTS} slots, got ${names.length}`)
  for (const [index, name] of names.entries()) {
    assertName(`${argument}[${index}]`, name)
    if (name.length > MAX_NAME)
      throw new TypeError(`${argument}[${index}] must be at most ${MAX_NAME} characters`)
    if (names.indexOf(name) !== index)
      throw new TypeError(`${argument} must name each slot once, got ${describe(name)} twice`)
  }
}

/** Returns the names of the slots. */
export function slotNames(slots: Slots): readonly string[] {
  if (typeof slots !== 'number') return slots
  return Array.from({ length: slots }, (_, index) => String(index + 1))
}
