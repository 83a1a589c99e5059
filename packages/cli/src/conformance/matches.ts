/**
 * Returns whether a value matches a pattern: objects have at least the pattern's members, everything else is equal. `{ "$type":
 * name }` matches any value of that type, `{ "$only": object }` allows no further members, `{ "$anyOrder": array }` matches an
 * array with those entries in any order.
 */
export function matches(value: unknown, pattern: unknown): boolean {
  if (Array.isArray(pattern)) {
    return (
      Array.isArray(value) &&
      value.length === pattern.length &&
      pattern.every((entry, index) => matches(value[index], entry))
    )
  }
  if (typeof pattern !== 'object' || pattern === null) return value === pattern
  if ('$type' in pattern) return typeof value === pattern.$type
  if ('$anyOrder' in pattern)
    return Array.isArray(value) && unmatched(value, pattern.$anyOrder as unknown[]) === undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const only = '$only' in pattern ? (pattern.$only as object) : undefined
  if (only !== undefined && Object.keys(value).length !== Object.keys(only).length) return false
  return Object.entries(only ?? pattern).every(
    ([key, member]) =>
      Object.hasOwn(value, key) && matches((value as Record<string, unknown>)[key], member),
  )
}

/** Pairs values with patterns in any order, and returns those without a partner; undefined if there are none. */
export function unmatched(
  values: readonly unknown[],
  patterns: readonly unknown[],
): { readonly values: readonly unknown[]; readonly patterns: readonly unknown[] } | undefined {
  const left = [...values]
  const missing: unknown[] = []
  for (const pattern of patterns) {
    const index = left.findIndex((value) => matches(value, pattern))
    if (index === -1) missing.push(pattern)
    else left.splice(index, 1)
  }
  return left.length + missing.length === 0 ? undefined : { values: left, patterns: missing }
}
