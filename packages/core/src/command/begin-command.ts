import { isOn } from '../base/process/environment.js'
import type { CliOpsOptions } from './options/cli-ops-options.js'
import type { CommandRun } from './command-run.js'
import { ensureSession } from './current-session.js'
import type { HostCommand } from './host/host-command.js'
import { Session } from './session.js'

/**
 * Begins a command of a framework's program; the first one starts the plugin in this process. Returns `undefined` if
 * the plugin is disabled. Nothing is locked before the run is entered.
 */
export function beginCommand(host: HostCommand, options: CliOpsOptions): CommandRun | undefined {
  if (options.disabled ?? isOn(process.env['CLI_OPS_DISABLED'])) return undefined
  const session = ensureSession(() => new Session(host.program, options).start())
  return session.disabled ? undefined : session.begin(host, options)
}
