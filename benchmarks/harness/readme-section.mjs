import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDocument } from '../../scripts/write-document.mjs'
import { COLUMNS, rowCells } from './format-figures.mjs'

/** What a newcomer wants to know first: the area, the module, and the beginning of the row. */
const ROWS = [
  ['startup', 'commander-node24', 'a command with one uncontended lock'],
  ['locks', 'handover', 'kill -9'],
  ['events', 'latency', ''],
]
const MARKED = /(<!-- bench:begin -->\n).*?(<!-- bench:end -->)/s
const SHOWN = ['what', 'ours', 'peer', 'ratio [min..max]', 'goal', 'met?']

/**
 * Writes the rows that the README shows between its two markers, from the results in `folder`.
 *
 * @param {string} readme
 * @param {string} folder
 */
export async function writeReadmeSection(readme, folder) {
  const picked = SHOWN.map((name) => COLUMNS.indexOf(name))
  const rows = ROWS.flatMap(([area = '', name = '', start = '']) => {
    const path = join(folder, `${area}.json`)
    if (!existsSync(path)) return []
    /** @type {import('./save-results.mjs').SavedArea} */
    const modules = JSON.parse(readFileSync(path, 'utf8'))
    const module = modules[name]
    const row = (module?.rows ?? []).find(
      ({ what, goals }) => goals.length > 0 && (what === start || isPrefix(start, what)),
    )
    if (module === undefined || row === undefined) return []
    const cells = rowCells(row)
    const [label = ''] = cells
    return [
      [
        area === 'startup' ? `${name.replace('-node', ' on Node ')}: ${label}` : label,
        ...picked.slice(1).map((column) => cells[column] ?? ''),
      ],
    ]
  })
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const table = [line(SHOWN), line(SHOWN.map(() => '---')), ...rows.map(line)].join('\n')
  const text = readFileSync(readme, 'utf8')
  await writeDocument(readme, text.replace(MARKED, `$1\n${table}\n\n$2`))
}

/** Start-up rows are named in full, since some begin alike. @param {string} start @param {string} what */
function isPrefix(start, what) {
  return !start.startsWith('a command') && what.startsWith(start)
}
