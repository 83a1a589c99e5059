import { spawnSync } from 'node:child_process'
import { basename, dirname } from 'node:path'
import process from 'node:process'

/**
 * @typedef {{ file: string, home: string, nodeArgs?: readonly string[] }} Cli
 */

/**
 * Returns a CLI's command line and environment: this process's, without anything that changes what Node or the kit
 * does.
 *
 * @param {Cli} cli
 * @param {readonly string[]} args
 * @returns {import('../harness/cpu-meter.mjs').Command}
 */
export function cliCommand({ file, home, nodeArgs = [] }, args) {
  /** @type {Record<string, string>} */
  const env = { CLI_OPS_HOME: home }
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(?:CLI_OPS_|NODE_|npm_)/u.test(name)) env[name] = value
  }
  return { argv: [process.execPath, ...nodeArgs, file, ...args], env, cwd: dirname(file) }
}

/**
 * Runs a CLI once to check that it does its work.
 *
 * @param {Cli} cli
 * @param {readonly string[]} args
 * @param {Record<string, string>} [extraEnv]
 * @returns {string} what it printed
 * @throws Error if it fails, or writes to stderr, as the kit does when it gives up
 */
export function runCli(cli, args, extraEnv = {}) {
  const { argv, env, cwd } = cliCommand(cli, args)
  const [node, ...rest] = argv
  const { status, stdout, stderr } = spawnSync(node, rest, {
    env: { ...env, ...extraEnv },
    cwd,
    encoding: 'utf8',
  })
  if (status === 0 && stderr === '') return stdout
  throw new Error(`${basename(cli.file)} ${args.join(' ')} ended with ${status}: ${stderr}`)
}
