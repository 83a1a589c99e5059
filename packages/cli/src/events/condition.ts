/** A required value in an event's data, at the end of a path. */
export interface Condition {
  readonly path: readonly string[]
  readonly value: string
}

/** Parses `key=value`. @throws TypeError */
export function parseCondition(text: string): Condition {
  const at = text.indexOf('=')
  if (at < 1) {
    throw new TypeError(
      `--where must be key=value, such as exitCode=0, got ${JSON.stringify(text)}`,
    )
  }
  return { path: text.slice(0, at).split('.'), value: text.slice(at + 1) }
}

/** Returns whether the data has the value: text is compared as it is, anything else as its JSON. */
export function holds({ path, value }: Condition, data: unknown): boolean {
  let found: unknown = data
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return false
    found = (found as Record<string, unknown>)[key]
  }
  return found === value || JSON.stringify(found) === value
}
