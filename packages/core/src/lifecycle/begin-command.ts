import { isOn } from '../options/environment.js'
import type { CliOpsOptions, CommandContext, CommandRule } from './cli-ops-options.js'
import type { CommandRun } from './command-run.js'
import { ensureSession } from './current-session.js'
import { type Program, Session } from './session.js'

/**
 * Begins a command of a framework's program; the first one starts the plugin's part in this process. `undefined` where
 * the plugin is disabled. `carried` is a rule that the command itself carries.
 */
export function beginCommand(
  program: Program,
  options: CliOpsOptions,
  context: CommandContext,
  carried?: CommandRule,
): CommandRun | undefined {
  if (options.disabled ?? isOn(process.env['CLI_OPS_DISABLED'])) return undefined
  const session = ensureSession(() => new Session(program, options).start())
  return session.disabled ? undefined : session.begin(context, carried)
}
