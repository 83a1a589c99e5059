import { basename, extname } from 'node:path'

import {
  beginCommand,
  type CliOpsOptions,
  type CommandRun,
  EXIT_BUSY,
  isPromiseLike,
  type Refusal,
  sayRefusal,
} from '@cli-ops/shared-ipc/lifecycle'

import { isOpsRun } from './ops-command.js'
import { isParsedAgain, noteLook } from './parsed-again.js'
import { commandPath, hasHandler, isHelpRun } from './yargs-command.js'
import { observeHandler, type ParsedArguments, type YargsInstance } from './yargs-instance.js'

/**
 * Begins the command and takes its lock; a promise only where the lock has to be waited for, so that a synchronous
 * `parse()` stays synchronous. yargs shows a middleware nothing of what the handler returns, so the lock is kept and
 * the outcome read at the end of the process or, in a process that parses again, when the next command begins.
 */
export function surroundCommand(
  argv: ParsedArguments,
  yargs: YargsInstance | undefined,
  options: CliOpsOptions,
): void | Promise<void> {
  if (isOpsRun(argv) || isHelpRun(yargs, argv)) return undefined
  const { _: args, $0: program, ...named } = argv
  const context = { command: commandPath(yargs, argv), args, options: named }
  if (isParsedAgain(yargs, context)) return undefined
  const run = beginCommand({ name: programName(program) }, options, context)
  if (run === undefined) return undefined
  // Without a handler the program goes on as soon as parse() has returned, and would take a promise for its arguments.
  if (!hasHandler(yargs)) {
    noteLook(yargs, run.context)
    run.holdNow(endRefused)
    return undefined
  }
  const held = run.hold(endRefused)
  if (!isPromiseLike(held)) {
    watchHandler(run, yargs)
    return undefined
  }
  return held.then(() => {
    watchHandler(run, yargs)
  })
}

/** Keeps a command that begins while this one's handler still runs from taking it for done, and its lock for free. */
function watchHandler(run: CommandRun, yargs: YargsInstance | undefined): void {
  const close = run.keepOpen()
  observeHandler(yargs, {
    failed: (error) => {
      run.noteError(error)
      close()
    },
    ended: close,
  })
}

/** A middleware that throws makes yargs print its help, so the process ends here; nothing of the command has run. */
function endRefused(refusal: Refusal): never {
  sayRefusal(refusal)
  process.exit(refusal.reason === 'skipped' ? 0 : EXIT_BUSY)
}

function programName(script: string): string {
  return basename(script, extname(script)) || 'yargs'
}
