import { readFileSync, statSync } from 'node:fs'

import type { Owner } from '../locks/contract/lock-types.js'
import { kernelBootedAt } from '../base/process/kernel-boot.js'
import { readStat } from '../base/process/liveness.js'

/** In /proc, on every architecture. */
const TICK_MS = 10
/** A clock that was set moves what is computed from ticks. */
const SLACK_MS = 5_000
const LONGEST = 200
/** What needs no quotes in a shell. */
const PLAIN = /^[\w@%+=:,./-]+$/u

/**
 * Reads from the process table how the process of an owner was called, arguments and all: they may hold secrets, so that they are
 * neither kept nor sent, but a look tells whoever may look anyway. `undefined` where the process is not this user's, where
 * it began later than the owner was there, and where no table tells.
 *
 * @param since a moment at which the process was there
 */
export function commandLineOf({ pid, via }: Owner, since: Date): string | undefined {
  if (process.platform !== 'linux' || pid <= 0 || via !== undefined) return undefined
  try {
    const place = `/proc/${pid}`
    if (statSync(place).uid !== process.getuid?.()) return undefined
    const began = kernelBootedAt() + Number(readStat(`${place}/stat`)?.start) * TICK_MS
    // Else the number has gone to another process.
    if (!(began < since.getTime() + SLACK_MS)) return undefined
    const args = readFileSync(`${place}/cmdline`, 'utf8').replace(/\0$/u, '').split('\0')
    const line = programOf(args).map(quote).join(' ')
    return line === '' ? undefined : cut(line)
  } catch {
    return undefined
  }
}

/** The shells of `cli-ops run` that wait for a lock, or keep one, have their program behind their script. */
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
