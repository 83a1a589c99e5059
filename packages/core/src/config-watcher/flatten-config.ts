/** The leaves of a configuration: dotted keys with their values as JSON. */
export type FlatConfig = ReadonlyMap<string, string>

/** Deeper objects count as values: the keys would get longer than their values. */
const MAX_DEPTH = 64

/**
 * Flattens a configuration. Nested keys are joined with dots; a dot or backslash in a key is escaped with a backslash. Lists and empty
 * objects are values.
 */
export function flattenConfig(config: object): Map<string, string> {
  const flat = new Map<string, string>()
  flattenInto(flat, '', config, 1)
  return flat
}

/** Yields the keys whose value differs, each with its new value; `null` means removed. */
export function* changesBetween(
  before: FlatConfig,
  after: FlatConfig,
): Generator<{ key: string; value: unknown }> {
  for (const key of before.keys()) if (!after.has(key)) yield { key, value: null }
  for (const [key, json] of after) {
    if (before.get(key) !== json) yield { key, value: JSON.parse(json) as unknown }
  }
}

function flattenInto(
  flat: Map<string, string>,
  prefix: string,
  config: object,
  depth: number,
): void {
  for (const [name, value] of Object.entries(config) as [string, unknown][]) {
    const key = prefix + name.replace(/[.\\]/gu, '\\$&')
    if (depth < MAX_DEPTH && isBranch(value)) flattenInto(flat, `${key}.`, value, depth + 1)
    else flat.set(key, JSON.stringify(value))
  }
}

function isBranch(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length > 0
  )
}
