import { takeOverExitCleanups } from '../base/process/at-exit.js'
import { describeOwnProcess, ownProcess } from '../base/process/own-process.js'
import { isOutdatedCopy } from '../base/process/process-state.js'
import { setRunningCli } from '../coordinator/running-cli.js'
import { nextEventId } from '../events/contract/event-id.js'
import { findRule } from './command-rule.js'
import { packageBinOf } from './host/cli-name.js'
import { observeExit } from './host/exit-observer.js'
import type { HostCommand } from './host/host-command.js'
import { programName } from './host/program-name.js'
import { cleanUpIfDue } from './clean-up-if-due.js'
import { localDriver } from './local-driver.js'
import { openLock } from './lock-note.js'
import type { CliOpsOptions } from './options/cli-ops-options.js'
import { isConfigured, isConfiguredFor } from './options/is-configured.js'
import { registerInstance } from './register-instance.js'
import { usualConnection } from './usual-connection.js'
import { UsualRun } from './usual-run.js'

/** Options that a usual command can have. */
const USUAL_OPTIONS: readonly string[] = ['name', 'version', 'commands', 'ops']

/**
 * Begins the process's own command as nearly all of them begin: cleans up, registers the instance and emits `command:started`. Returns
 * `undefined` if anything is unusual, or wrong; then nothing has happened that the full lifecycle would not repeat, and report.
 */
export function beginUsualRun(host: HostCommand, options: CliOpsOptions): UsualRun | undefined {
  if (!isUsual(host, options)) return undefined
  try {
    const connection = usualConnection()
    if (connection === undefined) return undefined
    const bin = options.name === undefined ? packageBinOf(process.argv[1]) : undefined
    const name = options.name ?? programName(host.program, bin)
    const { home } = connection
    const names = [name, host.program.name, ...(bin?.names ?? [])]
    if (isConfigured(home) && isConfiguredFor(home, names)) return undefined
    const rule = findRule(options.commands, host) ?? {}
    const { lock } = rule
    if (typeof lock === 'function') return undefined
    const lockRule = typeof lock === 'string' ? { resource: lock } : lock
    const driver = localDriver(connection)
    const version = options.version ?? host.program.version ?? bin?.version
    const { command } = host.context
    describeOwnProcess({ name, command })
    cleanUpIfDue(driver)
    const { instance } = ownProcess()
    const open = { command, startedAt: Date.now(), endId: nextEventId(), lock: openLock(lock) }
    const facts = { cli: name, command, instance }
    const run = new UsualRun({ host, options, rule, lockRule, connection, driver, facts, open })
    registerInstance(connection, driver, run, { name, version, commands: [open] })
    // If it fails, the full lifecycle registers the instance again.
    run.emit('command:started', nextEventId(), facts)
    takeOverExitCleanups()
    setRunningCli({ name, version, connection: {} })
    observeExit((end) => {
      run.end(end)
    })
    process.on('uncaughtExceptionMonitor', (error) => {
      run.uncaught = error
    })
    return run
  } catch {
    return undefined
  }
}

function isUsual(
  { isOwnCommandLine, livesOn, fault, otherOptions, carried }: HostCommand,
  options: CliOpsOptions,
): boolean {
  if (!isOwnCommandLine || livesOn || fault !== undefined || carried !== undefined) return false
  if (otherOptions !== undefined && otherOptions.length > 0) return false
  for (const [option, value] of Object.entries(options))
    if (!isUsualOption(option, value)) return false
  return !isOutdatedCopy()
}

/** One that is off changes nothing, as in `disabled: isTest`. */
function isUsualOption(option: string, value: unknown): boolean {
  if (value === undefined || USUAL_OPTIONS.includes(option)) return true
  return option === 'disabled' && value === false
}
