import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

/**
 * Writes a Markdown page that a command keeps a part of, laid out as `npm run format` would.
 *
 * @param {string} file
 * @param {string} text
 */
export async function writeDocument(file, text) {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }))
}
