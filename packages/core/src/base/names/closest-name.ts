/** With more candidates than this, a comparison with each does not help. */
const MAX_CANDIDATES = 10_000
/** As in git and commander: a word that differs in more than two fifths of its letters is a different word. */
const MAX_DIFFERENCE = 0.4

/**
 * Returns the name closest to `given`, for a "did you mean": the one that differs in the fewest letters (inserted, omitted, replaced
 * or swapped with the next one), ignoring case. `undefined` if none is close.
 */
export function closestName(given: string, names: Iterable<string>): string | undefined {
  let closest: string | undefined
  let smallest = Infinity
  let count = 0
  for (const name of names) {
    count += 1
    if (count > MAX_CANDIDATES) break
    const longest = Math.max(given.length, name.length)
    const limit = Math.max(1, Math.floor(longest * MAX_DIFFERENCE))
    if (Math.abs(given.length - name.length) > limit) continue
    const distance = distanceBetween(given.toLowerCase(), name.toLowerCase())
    if (distance > limit || distance >= longest || distance >= smallest) continue
    smallest = distance
    closest = name
  }
  return closest
}

/** The "optimal string alignment" distance: a swap of two neighbours, the commonest typo, counts once. */
function distanceBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min(replaced, at(last, j) + 1, at(row, j - 1) + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
