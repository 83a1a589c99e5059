import { spawnSync } from 'node:child_process'
import { counted, instructionsIn } from '../harness/count-instructions.mjs'
import { cliCommand } from './cli-runner.mjs'

/**
 * Counts the machine instructions that a CLI executes in user mode, in millions.
 *
 * @param {import('./cli-runner.mjs').Cli} cli
 * @param {readonly string[]} args
 */
export function countInstructions(cli, args) {
  const { argv, env, cwd } = cliCommand(cli, args)
  const [command = '', ...rest] = counted(argv)
  const { stderr } = spawnSync(command, rest, { env, cwd, encoding: 'utf8' })
  return instructionsIn(stderr)
}
