import {
  type ConfiguredConnection,
  configuredConnection,
  describeOwnProcess,
  EXIT_BUSY,
  exitCodeOf,
  isCliOpsError,
  say,
} from '@cli-ops/shared-ipc/ops/wrap'

import { EXIT_USAGE } from '../exit-codes.js'
import { useConnection } from '../use-connection.js'
import { useBlockingStderr } from './blocking-stderr.js'
import { endAs } from './child-end.js'
import { EarlyEnd } from './early-end.js'
import { whyUnrunnable } from './find-program.js'
import { programName } from './program-name.js'
import type { RunCommandLine } from './run-command-line.js'
import { parseRunOptions, type RunPlan } from './run-options.js'
import { runProgram } from './run-program.js'

/** Executes a `cli-ops run` command line, and ends this process as its program ended. */
export async function startRun(commandLine: RunCommandLine): Promise<void> {
  const { connection, options, program } = commandLine
  useBlockingStderr()
  describeOwnProcess({ name: 'cli-ops', command: `run ${programName(program)}` })
  useConnection(connection)
  const plan = planOf(options)
  if (plan === undefined) return
  try {
    const unrunnable = whyUnrunnable(program[0] ?? '')
    if (unrunnable === undefined) endAs(await carryOut(plan, commandLine))
    else {
      say(`cannot run ${JSON.stringify(program[0])}: ${unrunnable.reason}`)
      process.exitCode = unrunnable.exitCode
    }
  } catch (error) {
    endRefused(plan, error)
  }
}

async function carryOut(plan: RunPlan, commandLine: RunCommandLine) {
  const { lifeline, program } = commandLine
  const connection = await configuredConnection('cli-ops')
  assertKeepsHere(connection, plan)
  if (plan.event === undefined || lifeline !== undefined || process.platform === 'win32')
    return runProgram(connection, plan, program, lifeline)
  const { superviseRun } = await import('./supervise-run.js')
  return superviseRun(commandLine)
}

/** On an engine, only the program itself can keep the lock. */
function assertKeepsHere({ connection }: ConfiguredConnection, { keepFor }: RunPlan): void {
  if (keepFor === 'child' || connection.disabled || connection.urlOf('locks') === 'local:') return
  throw new TypeError('--keep-for must be child on an engine, got "descendants"')
}

/** Returns undefined if the options are wrong, which has been reported. */
function planOf(options: RunCommandLine['options']): RunPlan | undefined {
  try {
    return parseRunOptions(options)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    say(error.message)
    process.exitCode = EXIT_USAGE
    return undefined
  }
}

/** Any failure to acquire the lock keeps the program from running. */
function endRefused({ onBusy, quiet }: RunPlan, error: unknown): void {
  if (error instanceof EarlyEnd) {
    endAs(error.end)
    return
  }
  // Anything else is a bug in the kit and deserves a stack trace.
  if (!(error instanceof TypeError) && !isCliOpsError(error)) throw error
  const exitCode = exitCodeOf(error)
  const isSkipped = onBusy === 'skip' && exitCode === EXIT_BUSY
  const isJoined = isCliOpsError(error, 'RUN_JOINED')
  if (!quiet || (exitCode !== 0 && !isSkipped))
    say(`${isSkipped ? 'skipped: ' : isJoined ? 'joined: ' : ''}${error.message}`)
  // Exits instead of only setting the code: handles that an engine leaves open end here.
  process.exit(isSkipped ? 0 : exitCode)
}
