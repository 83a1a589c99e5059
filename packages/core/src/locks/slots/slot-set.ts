import { assertName, describe } from '../../base/names/assert-name.js'

/** More are a sign of a mistake, and each is a lock. */
const MAX_SLOTS = 1000
const MAX_NAME = 200

/** How many slots there are, which are then called '1', '2', …, or what they are called. */
export type Slots = number | readonly string[]

/** Throws a `TypeError` that names the argument, the rule and the value unless a value says which slots there are. */
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

/** The names of slots. */
export function slotNames(slots: Slots): readonly string[] {
  if (typeof slots !== 'number') return slots
  return Array.from({ length: slots }, (_, index) => String(index + 1))
}
