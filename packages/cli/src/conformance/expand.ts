/** Values for the placeholders of a vector. */
export interface Expansion {
  /** The index of the copy that `$times` makes. */
  readonly index: number
  /** The server's `maxMessageBytes`. */
  readonly max: number
}

/**
 * Expands a vector's abbreviations. `{ "$times": n, "$of": x }` in an array becomes n copies of x, and `{ "$index": true }` in
 * them becomes the copy's index. `{ "$repeat": [text, n] }` becomes a long string; n can be `"max"` or `"max-7"`.
 */
export function expand(value: unknown, expansion: Expansion): unknown {
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => expandEntry(entry, expansion))
  if (typeof value !== 'object' || value === null) return value
  if ('$index' in value) return expansion.index
  if ('$repeat' in value) {
    const [text, times] = value.$repeat as readonly [string, number | string]
    return text.repeat(typeof times === 'number' ? times : lengthOf(times, expansion.max))
  }
  // Defined, not assigned: assigning to `__proto__` would set a prototype.
  return Object.entries(value).reduce<object>(
    (copy, [key, member]) =>
      Object.defineProperty(copy, key, {
        value: expand(member, expansion),
        enumerable: true,
        configurable: true,
        writable: true,
      }),
    {},
  )
}

function expandEntry(entry: unknown, expansion: Expansion): readonly unknown[] {
  if (typeof entry !== 'object' || entry === null || !('$times' in entry))
    return [expand(entry, expansion)]
  const { $times: times, $of: of } = entry as unknown as { $times: number; $of: unknown }
  return Array.from({ length: times }, (_, index) => expand(of, { ...expansion, index }))
}

/** Returns `max`, or less by the number in `max-7`. */
function lengthOf(text: string, max: number): number {
  return max - Number(/^max(?:-(\d+))?$/u.exec(text)?.[1] ?? 0)
}
