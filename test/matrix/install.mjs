import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const quiet = ['--no-audit', '--no-fund', '--loglevel=error']

/**
 * Installs another runtime than Node from its package.
 *
 * @param {string} parent
 * @param {string} name
 * @returns {{ executable: string, version: string }}
 */
export function installRuntime(parent, name) {
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  execFileSync('npm', ['install', ...quiet, name], { cwd: folder })
  const modules = join(folder, 'node_modules')
  const { version } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'))
  const link = join(modules, '.bin', name)
  // npm may not run the script that puts the executable in place; the first start then does it. Until then the link
  // leads to a script that runs it as a separate process.
  execFileSync(link, ['--version'])
  return { executable: realpathSync(link), version }
}

/**
 * Installs the latest release of a framework's major into a separate folder.
 *
 * @param {string} parent
 * @param {import('./combinations.mjs').Framework} framework
 * @returns {{ folder: string, version: string, engines: string }}
 */
export function installFramework(parent, { framework, major }) {
  const folder = join(parent, `${framework.replace('/', '-')}-${major}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  execFileSync('npm', ['install', ...quiet, `${framework}@${major}`], { cwd: folder })
  const manifest = join(folder, 'node_modules', framework, 'package.json')
  const { version, engines } = JSON.parse(readFileSync(manifest, 'utf8'))
  return { folder, version, engines: engines?.node ?? '*' }
}

/**
 * Finds the file that a program in `folder` loads when it imports the framework.
 *
 * @param {string} node
 * @param {string} folder
 * @param {string} framework
 */
export function resolveEntry(node, folder, framework) {
  const script = `console.log(import.meta.resolve(${JSON.stringify(framework)}))`
  const args = ['--input-type=module', '-e', script]
  return execFileSync(node, args, { cwd: folder, encoding: 'utf8' }).trim()
}
