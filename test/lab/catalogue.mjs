import { COMMANDER_CLIS } from './recipes/commander.mjs'
import { OCLIF_CLIS } from './recipes/oclif.mjs'
import { YARGS_CLIS } from './recipes/yargs.mjs'

const OLDEST_NODE = [...COMMANDER_CLIS, ...YARGS_CLIS, ...OCLIF_CLIS]

/** Majors on a newer framework, which need a newer Node; their work is the same. */
const NEWER_NODE = [
  newer('cspell', 'cspell@10.4.1', 24),
  newer('cucumber-js', '@cucumber/cucumber@13.3.0', 22),
  newer('concurrently', 'concurrently@10.0.7', 26),
  newer('semantic-release', 'semantic-release@25.0.9', 24),
]

/** The programs of the lab. `npm test` examines those that the workspace has itself, too. */
export const CLIS = [...OLDEST_NODE, ...NEWER_NODE]

/**
 * @param {string} name
 * @param {string} release
 * @param {number} node
 */
function newer(name, release, node) {
  const cli = OLDEST_NODE.find((one) => one.name === name)
  if (cli === undefined) throw new Error(`there is no older ${name}`)
  const [major] = release.slice(release.lastIndexOf('@') + 1).split('.')
  return { ...cli, name: `${name}-${major}`, packages: [release, ...cli.packages.slice(1)], node }
}
