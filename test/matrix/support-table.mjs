import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/workspaces.mjs'

const FILE = join(root, 'docs/reference/support.md')
const BEGIN = '<!-- matrix:begin -->'
const END = '<!-- matrix:end -->'

/**
 * @typedef {{ title: string, cells: string[] }} Row
 * @param {string[]} columns
 * @param {Row[]} rows
 */
export function toMarkdown(columns, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map(({ title, cells }) => line([title, ...cells])),
  ].join('\n')
}

/**
 * Puts the table between the markers of the reference page.
 *
 * @param {string} table
 */
export function writeTable(table) {
  const page = existsSync(FILE) ? readFileSync(FILE, 'utf8') : `${BEGIN}\n${END}\n`
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`${FILE} has lost its markers`)
  const head = page.slice(0, begin + BEGIN.length)
  writeFileSync(FILE, `${head}\n\n${table}\n\n${page.slice(end)}`)
}
