import { examine } from './examine.mjs'

/**
 * Examines one CLI and checks the findings against the exceptions that its entry names.
 *
 * @param {import('./subject.mjs').Subject} subject
 * @returns {Promise<{ row: import('./table.mjs').Row, faults: string[] }>}
 */
export async function judge(subject) {
  const { cli, version, framework, nodeVersion } = subject
  /** @type {Record<string, string>} */
  const cells = {}
  const notes = []
  const faults = []
  const { expects, exceptions = {} } = cli
  try {
    for await (const { column, fault, skipped } of examine(subject)) {
      const cause = exceptions[column]
      if (skipped !== undefined) cells[column] = 'skipped'
      else if (fault === undefined && cause === undefined) cells[column] = '✓'
      else if (fault !== undefined && cause !== undefined) cells[column] = 'exception'
      else {
        cells[column] = '✗'
        faults.push(`${column}: ${fault ?? `is the same, although the table says "${cause}"`}`)
      }
      if (skipped !== undefined) notes.push(`${column} was skipped: ${skipped}`)
    }
  } catch (error) {
    faults.push(String(error))
  }
  if (expects !== undefined && cells['lock free'] === '✓') {
    cells['lock free'] = 'refuses' in expects ? 'refused (78)' : 'warned'
  }
  if (expects !== undefined) notes.push(...Object.values(expects))
  for (const [column, cause] of Object.entries(exceptions)) notes.push(`${column}: ${cause}`)
  const row = {
    name: cli.name,
    version,
    framework,
    node: nodeVersion,
    start: cli.start,
    cells,
    notes,
  }
  return { row, faults }
}
