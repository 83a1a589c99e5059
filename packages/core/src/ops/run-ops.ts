import { debug, say } from '../base/terminal/message.js'
import { storageError } from '../drivers/local/home/home.js'
import { CliOpsError, isCliOpsError } from '../base/errors/cli-ops-error.js'
import { describeOwnProcess } from '../base/process/own-process.js'
import type { Connection, ConnectionOptions } from '../engine/connection-options.js'
import { awayRemedy } from './away-remedy.js'
import { cleanUp } from './clean.js'
import { runDoctor } from './doctor.js'
import { opsLine } from './ops-line.js'
import type { OwnRules } from './own-rules.js'
import { listEvents } from './list-events.js'
import { listInstances } from './list-instances.js'
import { listLocks } from './list-locks.js'
import { openOps } from './open-ops.js'
import type { OpsRun } from './ops-context.js'
import { createOutput } from './ops-output.js'
import { dropParked, listParked, retryParked } from './parked-events.js'
import { releaseLock } from './release-lock.js'
import { showHistory } from './show-history.js'
import { showStatus } from './show-status.js'
import { explainWait } from './explain-wait.js'
import { watchOnTerminal } from './watch-on-terminal.js'

/** What the commands of `OPS_COMMANDS` do, by their paths. */
export const OPS_RUNS: ReadonlyMap<string, OpsRun> = new Map([
  ['status', showStatus],
  ['locks', listLocks],
  ['why', explainWait],
  ['history', showHistory],
  ['locks release', releaseLock],
  ['events', listEvents],
  ['events parked', listParked],
  ['events retry', retryParked],
  ['events drop', dropParked],
  ['ps', listInstances],
  ['clean', cleanUp],
  ['doctor', runDoctor],
])

/** What a framework passes for one `ops` command. */
export interface OpsCall extends OpsProgram {
  /** Path of the command, as in `OPS_COMMANDS`. */
  readonly path: string
}

/** The program that mounts an `ops` command, and the command's call. */
export interface OpsProgram extends ConnectionOptions {
  /** Name of the CLI that mounts the commands. */
  readonly name: string
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  /** How to call the commands, for remedies that name one. @default `<name> ops` */
  readonly program?: string | undefined
  /** The CLI's own rules and commands, for `doctor`. */
  readonly own?: OwnRules | undefined
}

/**
 * Runs one of the `ops` commands. Results go to stdout, a failure as one line to stderr. Resolves to the exit code: 0
 * when done, 1 if something was found or is missing, 2 for a wrong argument.
 *
 * It looks where the CLI itself works, including the home's `config.json`, even if `CLI_OPS_DISABLED` is set. It
 * registers and emits nothing, except that `doctor` tries both on an engine.
 */
export async function runOps(call: OpsCall): Promise<number> {
  const run = OPS_RUNS.get(call.path)
  if (run !== undefined) {
    describeOwnProcess({ command: commandOf(call) })
    return runWithContext(call, call.options['watch'] === true ? watchOnTerminal(run) : run)
  }
  throw new TypeError(`path must be one of ${[...OPS_RUNS.keys()].join(', ')}, got "${call.path}"`)
}

/** The command as shown to others, for example in the history of a lock that it took away: `ops locks release`. */
function commandOf({ name, path, program = `${name} ops` }: OpsCall): string {
  return program.startsWith(`${name} `) ? opsLine(program.slice(name.length + 1), path) : path
}

/** Runs a command that a program adds to the `ops` commands, with the same context, output and exit codes. */
export async function runWithContext(call: OpsProgram, run: OpsRun): Promise<number> {
  const { name, args, options, program = `${name} ops` } = call
  const output = createOutput(process.stdout, options['json'] === true)
  let connection: Connection | undefined
  try {
    const opened = openOps(name, connectionOf(call))
    connection = opened.connection
    await using coordinator = opened.coordinator
    const { print, replace, closed: signal } = output
    const own = call.own && { ...call.own, name }
    const exitCode = await run({
      coordinator,
      connection,
      program,
      own,
      args,
      options,
      signal,
      print,
      replace,
    })
    await output.finish()
    return exitCode
  } catch (error) {
    return sayFailure(withRemedy(asGiven(error, options), connection), connection?.home)
  }
}

/** Only the engine can judge a cursor, and calls it `from`; the person called it `--after`. */
function asGiven(error: unknown, { after }: OpsProgram['options']): unknown {
  const isCursor = error instanceof TypeError && after !== undefined
  return isCursor ? new TypeError(error.message.replace(/^from /u, '--after ')) : error
}

/** An engine that says when it is ready again needs no remedy. */
function withRemedy(error: unknown, connection: Connection | undefined): unknown {
  if (!isCliOpsError(error, 'ENGINE_UNAVAILABLE') || connection === undefined) return error
  const { code, message, details = {} } = error
  if ('retryAfterMs' in details) return error
  return new CliOpsError(code, `${message}; ${awayRemedy(connection)}`, { cause: error, details })
}

function connectionOf({ home, namespace, url }: OpsProgram): ConnectionOptions {
  return { home, namespace, url }
}

/** Prints to stderr why a command failed and returns its exit code: 2 for a wrong argument, else 1. */
export function sayFailure(caught: unknown, home = 'the home'): number {
  const error = storageError(caught, home)
  // Anything else is a bug in the kit and deserves a stack trace.
  if (!(error instanceof TypeError) && !isCliOpsError(error) && !isSystemError(error)) throw error
  say(error.message)
  debug(() => error.stack ?? error.message)
  return error instanceof TypeError ? 2 : 1
}

/** A failed system call, such as writing to a full disk. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).errno === 'number'
}
