import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Writes a list of tasks as another program might have exported it, and returns its name for `sync --from`.
 *
 * @param {import('../demo.mjs').Demo} demo
 * @param {string} name
 * @param {readonly string[]} titles
 */
export function writeTaskFile(demo, name, titles) {
  const now = new Date().toISOString()
  const tasks = titles.map((title, index) => ({
    id: `${name}${index + 1}`,
    title,
    tags: [name],
    createdAt: now,
    updatedAt: now,
  }))
  writeFileSync(join(demo.home.work, `${name}.json`), JSON.stringify(tasks))
  return `${name}.json`
}
