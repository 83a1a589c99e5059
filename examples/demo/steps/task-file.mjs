import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes a store of somebody else, for `sync --from`.
 *
 * @param {import('../demo.mjs').Demo} demo
 * @param {string} name
 * @param {readonly string[]} titles
 */
export function writeTaskFile(demo, name, titles) {
  const file = join(demo.home.work, `${name}.json`)
  const now = new Date().toISOString()
  const tasks = titles.map((title, index) => ({
    id: `${name}${index + 1}`,
    title,
    tags: [name],
    createdAt: now,
    updatedAt: now,
  }))
  writeFileSync(file, JSON.stringify(tasks))
  return file
}
