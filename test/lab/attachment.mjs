import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../scripts/workspaces.mjs'

/** @typedef {'commander' | 'yargs' | '@oclif/core'} Framework */

const REGISTER = {
  commander: join(root, 'packages/commander-plugin/dist/register.cjs'),
  yargs: join(root, 'packages/yargs-plugin/dist/register.cjs'),
}

/**
 * Brings the plugin to a CLI as somebody does who has no sources of it, and returns what that needs in the environment.
 *
 * @param {{ framework: Framework, bin: string }} cli
 * @param {string} folder a folder for what it takes
 * @returns {Record<string, string>}
 */
export function attach({ framework, bin }, folder) {
  if (framework === '@oclif/core') return { [dataVariable(bin)]: installPlugin(folder) }
  return { NODE_OPTIONS: `--require=${REGISTER[framework]}` }
}

/** What `plugins install` does in the data directory of an oclif CLI. @param {string} folder */
function installPlugin(folder) {
  const name = '@cli-ops/oclif-plugin'
  const installed = join(folder, 'node_modules', name)
  mkdirSync(dirname(installed), { recursive: true })
  symlinkSync(join(root, 'packages/oclif-plugin'), installed)
  const oclif = { schema: 1, plugins: [{ name, type: 'user' }] }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, oclif }))
  return folder
}

/** oclif's own rule for the variable that names this directory. @param {string} bin */
function dataVariable(bin) {
  return `${bin.replaceAll(/[/-]/gu, '_').toUpperCase()}_DATA_DIR`
}
