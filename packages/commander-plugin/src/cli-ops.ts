import { checkOptions, type CliOpsOptions } from '@cli-ops/shared-ipc/command'

import { attach } from './attach.js'
import type { CommanderProgram } from './commander-program.js'

/** The argument of `program.use()`, which can also be called with a program itself. */
export type CommanderPlugin = (program: CommanderHost) => void

/** Any commander program: of this copy of commander or another, with or without extra typings. */
export type CommanderHost = Pick<CommanderProgram, 'name' | 'opts'>

/**
 * Creates the plugin that coordinates a commander program with other programs.
 *
 * @throws TypeError naming the option, the rule and the value, if an option is wrong
 * @example
 * ```ts
 * program.use(cliOps())
 * cliOps()(program) // the same, for a copy of commander that the plugin cannot find
 * ```
 */
export function cliOps(options?: CliOpsOptions): CommanderPlugin {
  if (options !== undefined) checkOptions(options)
  return (program) => {
    attach(program as CommanderProgram, options ?? {})
  }
}
