import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Returns a folder's content: kind, permissions and content of every entry by its path.
 *
 * @param {string} folder
 * @returns {Record<string, string>}
 */
export function snapshot(folder) {
  /** @type {Record<string, string>} */
  const entries = {}
  const walk = (/** @type {string} */ below) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = join(below, entry.name)
      entries[path] = describe(join(folder, path))
      if (entry.isDirectory()) walk(path)
    }
  }
  walk('')
  return entries
}

/** @param {string} path */
function describe(path) {
  const stats = lstatSync(path)
  if (stats.isSymbolicLink()) return `link to ${readlinkSync(path)}`
  const mode = (stats.mode & 0o777).toString(8)
  if (stats.isDirectory()) return `folder ${mode}`
  if (!stats.isFile()) return 'neither file nor folder'
  // latin1 keeps every byte of a file that is not text.
  return `file ${mode}\n${readFileSync(path, 'latin1')}`
}
