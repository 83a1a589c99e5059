/** Throws a `TypeError` that names the first of the required members that an object lacks. */
export function assertPresent(place: string, value: object, required: readonly string[]): void {
  const missing = required.find((member) => !(member in value))
  if (missing !== undefined) throw new TypeError(`${place}.${missing} is missing`)
}
