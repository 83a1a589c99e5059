import { checkOptions, type CliOpsOptions } from '@cli-ops/shared-ipc/command'

import { surroundCommand } from './surround-command.js'
import type { ParsedArguments, YargsInstance } from './yargs-instance.js'

/** Middleware for `yargs(…).middleware()`. */
export type YargsPlugin = (argv: object, yargs?: unknown) => void | Promise<void>

/**
 * Creates the middleware that coordinates a yargs program with other programs. It can come before or after the commands. yargs runs
 * it once the arguments are valid, just before the handler, so help, version and usage errors cost nothing.
 *
 * @throws TypeError naming the option, the rule and the value, if an option is wrong
 * @example
 * ```ts
 * await yargs(hideBin(process.argv)).middleware(cliOps()).command('sync', …).parseAsync()
 * ```
 */
export function cliOps(options?: CliOpsOptions): YargsPlugin {
  if (options !== undefined) checkOptions(options)
  const chosen = options ?? {}
  return (argv, yargs) =>
    surroundCommand(argv as ParsedArguments, yargs as YargsInstance | undefined, chosen)
}
