import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/workspaces.mjs'
import { writeDocument } from '../../scripts/write-document.mjs'

const PAGE = join(root, 'docs/reference/lab.md')
const BEGIN = '<!-- lab:begin -->'
const END = '<!-- lab:end -->'

/** Puts the table between the markers of its page. @param {string} table */
export async function writeTable(table) {
  const page = readFileSync(PAGE, 'utf8')
  const [head] = page.split(BEGIN)
  const [, tail = ''] = page.split(END)
  await writeDocument(PAGE, `${head}${BEGIN}\n\n${table}\n\n${END}${tail}`)
}
