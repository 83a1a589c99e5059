import { isOn } from '../options/environment.js'
import type { CliOpsOptions, CommandContext, CommandRule } from './cli-ops-options.js'
import type { CommandRun } from './command-run.js'
import type { Program } from './session.js'
import { withRuntime } from './with-runtime.js'

/**
 * Begins a command of a framework's program; the first one starts the plugin's part in this process. `undefined` where
 * the plugin is disabled. `carried` is a rule that the command itself carries.
 */
export function beginCommand(
  program: Program,
  options: CliOpsOptions,
  context: CommandContext,
  carried?: CommandRule,
): CommandRun | undefined | Promise<CommandRun | undefined> {
  // Who turned the kit off does not even load it.
  if (options.disabled ?? isOn(process.env['CLI_OPS_DISABLED'])) return undefined
  return withRuntime(({ startSession }) => {
    const session = startSession(program, options)
    return session.disabled ? undefined : session.begin(context, carried)
  })
}
