import { spawnSync } from 'node:child_process'

// With one thread and fixed seeds, two runs of one program differ by a millionth.
const REPEATABLE = ['--single-threaded', '--predictable', '--hash-seed=1', '--random-seed=1']
const TOOL = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null']

/** Returns whether instructions can be counted here. */
export function canCountInstructions() {
  return spawnSync('valgrind', ['--version'], { stdio: 'ignore' }).status === 0
}

/** Returns the command line that counts what a command line of Node executes. @param {readonly string[]} argv */
export function counted([node = '', ...args]) {
  return ['valgrind', ...TOOL, node, ...REPEATABLE, ...args]
}

/**
 * Returns the machine instructions executed in user mode, in millions. They exclude system calls, so this judges the
 * code and not the files it touches.
 *
 * @param {string} said what a counted command wrote to stderr
 */
export function instructionsIn(said) {
  const count = /I +refs: +([\d,]+)/u.exec(said)?.[1]
  if (count === undefined) throw new Error(`valgrind counted nothing: ${said.slice(-300)}`)
  return Number(count.replaceAll(',', '')) / 1e6
}
