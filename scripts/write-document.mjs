import { writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'

/**
 * Writes a Markdown page that a command partly generates, formatted as `npm run format` does.
 *
 * @param {string} file
 * @param {string} text
 */
export async function writeDocument(file, text) {
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }))
}
