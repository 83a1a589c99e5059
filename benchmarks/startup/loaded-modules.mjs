import { mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCli } from './cli-runner.mjs'

const PROBE = fileURLToPath(new URL('fixtures/load-probe.cjs', import.meta.url))

/**
 * Lists the files that a command loads, ES modules and CommonJS alike, as V8 itself counts them: loader hooks would see
 * only one of the two kinds, and be loaded themselves.
 *
 * @param {import('./cli-runner.mjs').Cli} cli
 * @param {readonly string[]} args
 * @param {string} scratch a folder for the reports
 * @param {Record<string, string>} [extraEnv]
 */
export function loadedFiles(cli, args, scratch, extraEnv = {}) {
  const folder = mkdtempSync(join(scratch, 'coverage-'))
  runCli(cli, args, { ...extraEnv, NODE_V8_COVERAGE: folder })
  return filesIn(folder)
}

/**
 * Lists the files loaded by processes that have ended and left their reports in a folder.
 *
 * @param {string} folder
 */
export function filesIn(folder) {
  const urls = readdirSync(folder).flatMap((file) =>
    JSON.parse(readFileSync(join(folder, file), 'utf8')).result.map(
      (/** @type {{ url: string }} */ { url }) => url,
    ),
  )
  return [...new Set(urls)]
    .filter((/** @type {string} */ url) => url.startsWith('file:'))
    .map((/** @type {string} */ url) => fileURLToPath(url))
}

/**
 * Lists the built-in modules that a command has loaded when it ends, including internal ones.
 *
 * @param {import('./cli-runner.mjs').Cli} cli
 * @param {readonly string[]} args
 * @param {string} scratch
 * @returns {string[]}
 */
export function loadedBuiltins(cli, args, scratch) {
  const file = join(mkdtempSync(join(scratch, 'builtins-')), 'list.json')
  runCli({ ...cli, nodeArgs: ['--require', PROBE] }, args, { LOAD_PROBE_FILE: file })
  /** @type {string[]} */
  const list = JSON.parse(readFileSync(file, 'utf8'))
  return list
    .filter((entry) => entry.startsWith('NativeModule '))
    .map((entry) => entry.slice('NativeModule '.length))
}

/** Returns the package that a file belongs to, or `undefined`. @param {string} file */
export function packageOf(file) {
  return /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/u.exec(file)?.[1]?.replace('\\', '/')
}
