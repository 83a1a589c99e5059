import type { CliOpsOptions } from './options/cli-ops-options.js'

/** Returns whether a rule in the program's code has a lock. */
export function hasLock({ commands = {} }: CliOpsOptions): boolean {
  return Object.values(commands).some(({ lock }) => lock !== undefined)
}
