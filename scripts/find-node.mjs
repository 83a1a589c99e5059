import { execFileSync } from 'node:child_process'
import process from 'node:process'

/**
 * Finds a Node of a major, through the npm registry if it is not the running one.
 *
 * @param {number} major
 * @returns {string} path of the executable
 */
export function findNode(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const args = ['-y', '--loglevel=error', '-p', `node@${major}`, '--']
  const found = execFileSync('npx', [...args, 'node', '-p', 'process.execPath'], {
    encoding: 'utf8',
  })
  return found.trim().split('\n').at(-1) ?? ''
}
