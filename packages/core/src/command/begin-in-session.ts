import type { CommandRun } from './command-run.js'
import type { HostCommand } from './host/host-command.js'
import type { CliOpsOptions } from './options/cli-ops-options.js'
import { ensureSession } from './running-session.js'
import { Session } from './session.js'

/** Begins a command that is not a usual one, or not the first of its process. */
export function beginInSession(host: HostCommand, options: CliOpsOptions): CommandRun | undefined {
  const session = ensureSession(() => new Session(host.program, options).start())
  return session.disabled ? undefined : session.begin(host, options)
}
