import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'

const { CLI_OPS_LAB_CACHE, XDG_CACHE_HOME = join(homedir(), '.cache') } = process.env

/** Where the CLIs are installed, once. */
export const CACHE = CLI_OPS_LAB_CACHE ?? join(XDG_CACHE_HOME, 'cli-ops-lab')

/** Written into a folder of the cache when it is complete. */
const STAMP = 'installed.json'

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']

/**
 * Installs packages into a folder of the cache, unless they are there.
 *
 * @param {string} name of the folder
 * @param {readonly string[]} packages with their versions
 * @param {readonly string[]} [options] of `npm install`
 * @returns {Promise<string>} the folder
 */
export async function install(name, packages, options = ['--ignore-scripts']) {
  const folder = join(CACHE, name)
  if (isInstalled(name, packages)) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const args = ['install', ...QUIET, '--save-exact', ...options, ...packages]
  await promisify(execFile)('npm', args, { cwd: folder })
  writeFileSync(join(folder, STAMP), JSON.stringify(packages))
  return folder
}

/**
 * Returns whether the cache has exactly these packages.
 *
 * @param {string} name
 * @param {readonly string[]} packages
 */
export function isInstalled(name, packages) {
  const stamp = join(CACHE, name, STAMP)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === JSON.stringify(packages)
}

/**
 * Finds a Node of a major, and installs it into the cache if it is not the running one.
 *
 * @param {number | undefined} major
 * @returns {Promise<string>} path of the executable
 */
export async function findNode(major) {
  if (major === undefined || process.versions.node.startsWith(`${major}.`)) return process.execPath
  // A script of the package puts its executable in place.
  const folder = await install(`node-${major}`, [`node@${major}`], [])
  return join(folder, 'node_modules', 'node', 'bin', 'node')
}

/** @param {string} node */
export function versionOf(node) {
  return execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
}

/**
 * Finds a package as Node does for a file in `from`.
 *
 * @param {string} from
 * @param {string} name
 * @returns {{ folder: string, manifest: Record<string, any> } | undefined}
 */
export function findPackage(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name)
    const manifest = join(found, 'package.json')
    if (existsSync(manifest))
      return { folder: found, manifest: JSON.parse(readFileSync(manifest, 'utf8')) }
    if (folder === dirname(folder)) return undefined
  }
}
