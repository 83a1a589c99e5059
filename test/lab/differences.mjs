/**
 * Returns where two runs differ, or nothing.
 *
 * @param {import('./normalise.mjs').Seen} expected
 * @param {import('./normalise.mjs').Seen} actual
 * @returns {string | undefined}
 */
export function differences(expected, actual) {
  const found = []
  for (const name of /** @type {const} */ (['exitCode', 'signal'])) {
    if (expected[name] !== actual[name])
      found.push(`${name} ${actual[name]}, not ${expected[name]}`)
  }
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    if (expected[name] !== actual[name])
      found.push(`${name}: ${firstDifference(expected[name], actual[name])}`)
  }
  const changed = changedFiles(expected.files, actual.files)
  if (changed !== undefined) found.push(changed)
  return found.length === 0 ? undefined : found.join('; ')
}

/**
 * @param {Readonly<Record<string, string>>} before
 * @param {Readonly<Record<string, string>>} after
 * @returns {string | undefined}
 */
export function changedFiles(before, after) {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changed = paths.filter((path) => before[path] !== after[path])
  const [first] = changed
  if (first === undefined) return undefined
  const [was, is] = [before[first], after[first]]
  let how
  if (was === undefined) how = 'is there'
  else if (is === undefined) how = 'is missing'
  else how = firstDifference(was, is)
  return `${changed.length} files differ, ${first}: ${how}`
}

/**
 * @param {string} expected
 * @param {string} actual
 */
function firstDifference(expected, actual) {
  const expectedLines = expected.split('\n')
  const actualLines = actual.split('\n')
  const at = actualLines.findIndex((line, index) => line !== expectedLines[index])
  const index = at < 0 ? actualLines.length : at
  return `line ${index + 1} is ${quote(actualLines[index])}, not ${quote(expectedLines[index])}`
}

/** @param {string | undefined} line */
function quote(line) {
  if (line === undefined) return 'missing'
  return JSON.stringify(line.length > 160 ? `${line.slice(0, 160)}…` : line)
}
