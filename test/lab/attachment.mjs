import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../scripts/workspaces.mjs'

/** @typedef {'commander' | 'yargs' | '@oclif/core'} Framework */

const REGISTER = {
  commander: join(root, 'packages/commander-plugin/dist/register.cjs'),
  yargs: join(root, 'packages/yargs-plugin/dist/register.cjs'),
}

/**
 * Adds the plugin to a CLI as a user without its sources does, and returns the environment that this needs.
 *
 * @param {{ framework: Framework, bin: string }} cli
 * @param {string} folder a folder for what it takes
 * @returns {Record<string, string>}
 */
export function attach({ framework, bin }, folder) {
  if (framework === '@oclif/core') return { [dataVariable(bin)]: installPlugin(folder) }
  return { NODE_OPTIONS: `--require=${REGISTER[framework]}` }
}

/** Does what `plugins install` does in an oclif CLI's data directory. @param {string} folder */
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
