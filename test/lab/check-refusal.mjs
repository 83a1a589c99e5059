import { changedFiles } from './differences.mjs'
import { withoutWaiting } from './without-waiting.mjs'

/**
 * Checks that nothing of the command ran, and that one line says so; `skip` may say nothing.
 *
 * @param {object} run
 * @param {Pick<import('./cli.mjs').Cli, 'bin'>} run.cli
 * @param {import('./normalise.mjs').Seen} run.seen
 * @param {Readonly<Record<string, string>>} run.before files in the work folder
 * @param {number} run.exitCode
 * @param {number} [run.holder] pid that has to be named
 * @returns {string | undefined}
 */
export function checkRefusal({ cli, seen, before, exitCode, holder }) {
  const faults = []
  if (seen.exitCode !== exitCode)
    faults.push(`ended with ${seen.exitCode ?? seen.signal}, not ${exitCode}`)
  if (seen.stdout !== '') faults.push(`wrote ${JSON.stringify(seen.stdout.slice(0, 80))} to stdout`)
  const changed = changedFiles(before, seen.files)
  if (changed !== undefined) faults.push(changed)
  // A waiter is told for whom it waits before its time is up.
  const lines = withoutWaiting(seen.stderr, cli.bin)
    .split('\n')
    .filter((line) => line !== '')
  const isSkip = exitCode === 0
  if (lines.length > 1 || (lines.length === 0 && !isSkip))
    faults.push(`${lines.length} lines on stderr: ${shorten(lines)}`)
  else if (lines[0] !== undefined) {
    if (!lines[0].startsWith(`${cli.bin}: `)) faults.push(`says ${shorten(lines)}`)
    if (holder !== undefined && !isSkip && !lines[0].includes(`pid ${holder}`))
      faults.push(`does not name the holder: ${shorten(lines)}`)
  }
  return faults.length === 0 ? undefined : faults.join('; ')
}

/** @param {readonly string[]} lines */
function shorten(lines) {
  return JSON.stringify(lines.map((line) => line.slice(0, 160)).slice(0, 4))
}
