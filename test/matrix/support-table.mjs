import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/workspaces.mjs'
import { writeDocument } from '../../scripts/write-document.mjs'

/** The page that shows the table. */
const PAGE = join(root, 'docs/reference/support.md')
const BEGIN = '<!-- matrix:begin -->'
const END = '<!-- matrix:end -->'

/**
 * @typedef {{ title: string, cells: string[] }} Row
 * @param {string[]} columns
 * @param {Row[]} rows
 * @param {string[]} notes
 */
export function toMarkdown(columns, rows, notes) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map(({ title, cells }) => line([title, ...cells])),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n')
}

/**
 * Puts the table between the markers of the page.
 *
 * @param {string} table
 */
export async function writeTable(table) {
  const page = readFileSync(PAGE, 'utf8')
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has lost its markers`)
  const head = page.slice(0, begin + BEGIN.length)
  await writeDocument(PAGE, `${head}\n\n${table}\n\n${page.slice(end)}`)
}
