import { readFileSync, statSync } from 'node:fs'

import type { Owner } from '../locks/contract/lock-types.js'
import { kernelBootedAt } from '../base/process/kernel-boot.js'
import { readStat } from '../base/process/liveness.js'

/** The tick of /proc on every architecture. */
const TICK_MS = 10
/** Setting the clock shifts times computed from ticks. */
const SLACK_MS = 5_000
const LONGEST = 200
/** Words that need no quotes in a shell. */
const PLAIN = /^[\w@%+=:,./-]+$/u

/**
 * Reads the full command line of a lock's owner from the process table. Arguments can contain secrets, so they are never stored
 * or sent, only shown to users who can read the table anyway. Returns `undefined` if the process belongs to another user, began
 * after the owner did, or if there is no process table.
 *
 * @param since a time at which the process was running
 */
export function commandLineOf({ pid, via }: Owner, since: Date): string | undefined {
  if (process.platform !== 'linux' || pid <= 0 || via !== undefined) return undefined
  try {
    const place = `/proc/${pid}`
    if (statSync(place).uid !== process.getuid?.()) return undefined
    const began = kernelBootedAt() + Number(readStat(`${place}/stat`)?.start) * TICK_MS
    // Otherwise the pid has been reused.
    if (!(began < since.getTime() + SLACK_MS)) return undefined
    const line = lineOf(readFileSync(`${place}/cmdline`, 'utf8'))
    return line === '' ? undefined : cut(line)
  } catch {
    return undefined
  }
}

function lineOf(text: string): string {
  // A process that has set its title shows that, and zeros in place of its arguments.
  const [, title] = /^([^\0]*)\0*$/u.exec(text) ?? []
  if (title !== undefined) return title.trimEnd()
  return programOf(text.replace(/\0$/u, '').split('\0')).map(quote).join(' ')
}

/**
 * While the shells of `cli-ops run` wait for a lock or keep it, the program follows their script on the command line.
 */
function programOf(args: readonly string[]): readonly string[] {
  if (args[1] !== '-c' || args[3] !== 'cli-ops') return args
  const program = args.slice(4)
  if (program[0] !== 'env') return program
  // Variables that the shell could not have passed on.
  const first = program.findIndex((arg, index) => index > 0 && !/^[^=]*[^\w=][^=]*=/u.test(arg))
  return first === 1 ? program : program.slice(first)
}

function quote(arg: string): string {
  return PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`
}

function cut(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
}
