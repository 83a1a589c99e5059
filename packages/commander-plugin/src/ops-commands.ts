import { checkOptions, type CliOpsOptions } from '@cli-ops/shared-ipc/command'

import type { CommanderPlugin } from './cli-ops.js'
import type { CommanderProgram } from './commander-program.js'
import { loadMountOps } from './lazy.js'

/** Where the `ops` commands work. */
export type OpsCommandsOptions = Pick<CliOpsOptions, 'name' | 'home' | 'namespace' | 'url'>

/**
 * Creates the plugin that adds the `ops` commands to any program or command without coordinating it: for a program
 * that only inspects.
 *
 * @throws TypeError naming the option, the rule and the value, if an option is wrong
 * @example
 * ```ts
 * program.use(opsCommands()) // `my-tool status`, `my-tool locks release …`
 * ```
 */
export function opsCommands(options: OpsCommandsOptions = {}): CommanderPlugin {
  checkOptions(options)
  return (program) => {
    loadMountOps().mountOpsOn(program as CommanderProgram, options)
  }
}
