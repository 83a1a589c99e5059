import { basename, extname } from 'node:path'

import {
  assertOptions,
  beginCommand,
  type CliOpsOptions,
  type CommandRun,
  EXIT_BUSY,
  isPromiseLike,
  type Refusal,
  sayRefusal,
} from '@cli-ops/shared-ipc/lifecycle'

import { isOpsRun } from './ops-command.js'
import {
  commandPath,
  observeFailure,
  type ParsedArguments,
  type YargsInstance,
} from './yargs-instance.js'

/** Middleware for `yargs(…).middleware()`. */
export type YargsPlugin = (argv: object, yargs?: unknown) => void | Promise<void>

/**
 * Makes the middleware that coordinates a yargs program with other programs. It may be given before or after the
 * commands. yargs runs it when the arguments are valid and just before the handler, so help, version and
 * usage errors cost nothing.
 *
 * @throws TypeError naming the option, the rule and the value, when an option is wrong
 * @example
 * ```ts
 * await yargs(hideBin(process.argv)).middleware(cliOps()).command('sync', …).parseAsync()
 * ```
 */
export function cliOps(options: CliOpsOptions = {}): YargsPlugin {
  assertOptions(options)
  return (argv, yargs) =>
    surroundCommand(argv as ParsedArguments, yargs as YargsInstance | undefined, options)
}

/**
 * Begins the command and takes its lock; a promise only where the lock has to be waited for, so that a synchronous
 * `parse()` stays synchronous. yargs shows a middleware nothing of the handler, so the lock is kept and the outcome
 * read at the end of the process, which is where a yargs program is over.
 */
function surroundCommand(
  argv: ParsedArguments,
  yargs: YargsInstance | undefined,
  options: CliOpsOptions,
): void | Promise<void> {
  if (isOpsRun(argv)) return undefined
  const { _: args, $0: program, ...named } = argv
  const context = { command: commandPath(yargs, argv), args, options: named }
  const begun = beginCommand({ name: programName(program) }, options, context)
  return isPromiseLike(begun) ? begun.then((run) => surround(run, yargs)) : surround(begun, yargs)
}

function surround(
  run: CommandRun | undefined,
  yargs: YargsInstance | undefined,
): void | Promise<void> {
  if (run === undefined) return undefined
  observeFailure(yargs, (error) => {
    run.noteError(error)
  })
  return run.hold(endRefused)
}

/** A middleware that throws makes yargs print its help, so the process ends here; nothing of the command has run. */
function endRefused(refusal: Refusal): never {
  sayRefusal(refusal)
  process.exit(refusal.reason === 'skipped' ? 0 : EXIT_BUSY)
}

function programName(script: string): string {
  return basename(script, extname(script)) || 'yargs'
}
