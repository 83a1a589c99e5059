import { isDeepStrictEqual } from 'node:util'

import type { CliOpsOptions } from './cli-ops-options.js'

/** Throws a `TypeError` naming the first option in which a second plugin on one program differs. */
export function assertEqualOptions(options: CliOpsOptions, others: CliOpsOptions): void {
  const place = firstDifference(options, others)
  if (place === undefined) return
  throw new TypeError(
    `cliOps() is used twice on this program with a different ${place}; pass all options to one of them`,
  )
}

function firstDifference(options: CliOpsOptions, others: CliOpsOptions): string | undefined {
  const fields = new Set([...Object.keys(options), ...Object.keys(others)]) as Set<
    keyof CliOpsOptions
  >
  for (const field of fields) {
    if (isDeepStrictEqual(options[field], others[field])) continue
    return field === 'commands' ? differentRule(options, others) : field
  }
  return undefined
}

function differentRule(
  { commands: one = {} }: CliOpsOptions,
  { commands: other = {} }: CliOpsOptions,
): string {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  const key = [...keys].find((name) => !isDeepStrictEqual(one[name], other[name]))
  return `commands[${JSON.stringify(key)}]`
}
