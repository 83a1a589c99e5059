import { differences } from './differences.mjs'

/**
 * Checks that the program ran without its lock, since nothing could prevent that, and that one line says so.
 *
 * @param {object} run
 * @param {import('./cli.mjs').Cli} run.cli
 * @param {import('./normalise.mjs').Seen} run.seen
 * @param {import('./normalise.mjs').Seen} run.plain
 * @returns {string | undefined}
 */
export function checkTold({ cli, seen, plain }) {
  const lines = seen.stderr.split('\n')
  const told = lines.filter((line) => line.startsWith(`${cli.bin}: `))
  if (told.length !== 1) return `${told.length} lines say that the rule did not hold`
  const rest = lines.filter((line) => line !== told[0]).join('\n')
  return differences(plain, { ...seen, stderr: rest })
}
