import { spawnSync } from 'node:child_process'
import { cliCommand } from './cli-runner.mjs'

// With one thread and fixed seeds, two runs of one program differ by a millionth.
const REPEATABLE = ['--single-threaded', '--predictable', '--hash-seed=1', '--random-seed=1']

/** Tells whether instructions can be counted here. */
export function canCountInstructions() {
  return spawnSync('valgrind', ['--version'], { stdio: 'ignore' }).status === 0
}

/**
 * Counts the machine instructions that a CLI executes in user mode, in millions. System calls are not
 * among them, so this judges the code and not the files it touches.
 *
 * @param {import('./cli-runner.mjs').Cli} cli
 * @param {readonly string[]} args
 */
export function countInstructions(cli, args) {
  const { argv, env, cwd } = cliCommand({ ...cli, nodeArgs: REPEATABLE }, args)
  const tool = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null']
  const { stderr } = spawnSync('valgrind', [...tool, ...argv], { env, cwd, encoding: 'utf8' })
  const count = /I +refs: +([\d,]+)/u.exec(stderr)?.[1]
  if (count === undefined) throw new Error(`valgrind counted nothing: ${stderr.slice(-300)}`)
  return Number(count.replaceAll(',', '')) / 1e6
}
