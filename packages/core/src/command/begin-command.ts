import { noteDisabledCli } from '../coordinator/disabled-cli.js'
import { isOn } from '../base/process/environment.js'
import { beginUsualRun } from './begin-usual-run.js'
import type { CommandInProgress } from './command-in-progress.js'
import { coordination } from './coordination.js'
import type { HostCommand } from './host/host-command.js'
import { hasLock } from './has-lock.js'
import { loadFullLifecycle } from './lazy.js'
import { loadOrRefuse } from './load-or-refuse.js'
import type { CliOpsOptions } from './options/cli-ops-options.js'

/**
 * Begins a command of a framework's program; the first one starts the plugin in this process. Returns `undefined` if
 * the plugin is disabled. Nothing is locked before the run is entered.
 */
export function beginCommand(
  host: HostCommand,
  options: CliOpsOptions,
): CommandInProgress | undefined {
  if (options.disabled ?? isOn(process.env['CLI_OPS_DISABLED'])) {
    const { name, version } = host.program
    noteDisabledCli(options.name ?? name, options.version ?? version)
    return undefined
  }
  const current = coordination()
  if (current.session === undefined && current.usual === undefined) {
    const usual = beginUsualRun(host, options)
    if (usual !== undefined) return (current.usual = usual)
  }
  const reason = { name: options.name ?? host.program.name, needsLock: hasLock(options) }
  return loadOrRefuse(loadFullLifecycle, reason)?.beginInSession(host, options)
}
