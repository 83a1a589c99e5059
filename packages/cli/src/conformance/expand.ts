/** Values for what a vector leaves open. */
export interface Expansion {
  /** Number of the copy that `$times` makes. */
  readonly index: number
  /** The server's `maxMessageBytes`. */
  readonly max: number
}

/**
 * Replaces what a vector abbreviates: `{ "$times": n, "$of": x }` in an array stands for n copies of x, `{ "$index": true }` in
 * them for the number of the copy, `{ "$repeat": [text, n] }` for a long string, where n may be `"max"` or `"max-7"`.
 */
export function expand(value: unknown, expansion: Expansion): unknown {
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => expandEntry(entry, expansion))
  if (typeof value !== 'object' || value === null) return value
  if ('$index' in value) return expansion.index
  if ('$repeat' in value) {
    const [text, times] = value.$repeat as readonly [string, number | string]
    return text.repeat(typeof times === 'number' ? times : lengthOf(times, expansion.max))
  }
  // By definition, since assigning to `__proto__` would set a prototype.
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

/** `max`, or as many less as `max-7` says. */
function lengthOf(text: string, max: number): number {
  return max - Number(/^max(?:-(\d+))?$/u.exec(text)?.[1] ?? 0)
}
