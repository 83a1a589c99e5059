import { basename, extname } from 'node:path'

import {
  beginCommand,
  type CliOpsOptions,
  type CommandInProgress,
  hasCommandBegun,
  type Entry,
  hostBlocks,
  isOwnCommandLine,
  isPromiseLike,
  onThrow,
} from '@cli-ops/shared-ipc/command'

import { checkPlugins } from './check-plugins.js'
import { commandTree } from './command-tree.js'
import { isOpsRun, noteOwnRules } from './ops-command.js'
import {
  commandPath,
  findHandler,
  hasHandler,
  isHelpRun,
  isLeft,
  isLook,
  type WrapHandler,
} from './yargs-command.js'
import {
  afterThrow,
  endParse,
  internalsOf,
  leaveCommands,
  observeHandler,
  type ParsedArguments,
  silenceFailure,
  type YargsInstance,
} from './yargs-instance.js'

/**
 * Begins the command and takes its lock. If the program continues as soon as `parse()` has returned, a busy lock blocks; a promise is
 * returned only under `parseAsync()`, or if yargs already awaits. A yargs middleware does not see the handler's result, so the
 * outcome is read at the end of the process or, in a process that parses again, when the next command begins.
 */
export function surroundCommand(
  argv: ParsedArguments,
  yargs: YargsInstance | undefined,
  options: CliOpsOptions,
): void | Promise<void> {
  if (isOpsRun(argv)) noteOwnRules({ commands: options.commands, tree: commandTree(yargs, argv) })
  if (isOpsRun(argv) || isHelpRun(yargs, argv) || isLook(yargs)) return undefined
  const { isFirst, fault } = checkPlugins(yargs, options)
  if (!isFirst && fault === undefined) return undefined
  const { _: args, $0: program, ...named } = argv
  const survives = yargs?.getExitProcess?.() === false
  const isOwn = isOwnLine(args) && !(survives && isLaterLine(args))
  const run = beginCommand(
    {
      program: { name: programName(program) },
      context: { command: commandPath(yargs, argv), args, options: named },
      isOwnCommandLine: isOwn,
      livesOn: !isOwn && survives,
      commands: commandTree(yargs, argv),
      fault,
    },
    options,
  )
  if (run === undefined) return undefined
  const wrapHandler = findHandler(yargs, argv)
  const isAwaited = isLeft(yargs, argv)
  let entry: Entry | Promise<Entry>
  try {
    entry = run.enter(() => !hasHandler(yargs, argv) || hostBlocks())
  } catch (error) {
    if (isAwaited) rejectAwaited(yargs, error)
    reject(yargs, wrapHandler, error)
    return undefined
  }
  if (!isPromiseLike(entry)) {
    surroundHandler(run, yargs, wrapHandler, entry, isAwaited)
    return undefined
  }
  return entry.then(
    (entered) => {
      surroundHandler(run, yargs, wrapHandler, entered, true)
    },
    (error: unknown) => {
      rejectAwaited(yargs, error)
    },
  )
}

/** Rejects one command in a host that stays alive while yargs awaits: such a parse then ends on its own. */
function rejectAwaited(yargs: YargsInstance | undefined, error: unknown): never {
  silenceFailure(yargs, error)
  leaveCommands(yargs)
  throw error
}

/** Rejects one command in a host that stays alive, in the manner of its parse. */
function reject(yargs: YargsInstance | undefined, wrapHandler: WrapHandler, error: unknown): void {
  const hasCallback = internalsOf(yargs)?.hasParseCallback?.() === true
  if (!hasCallback || !wrapHandler(passOver)) {
    endParse(yargs)
    throw error
  }
  // The callback receives it, and nothing exits.
  yargs?.exit(1, error as Error)
}

/** Keeps a command that begins while this one's handler still runs from treating it as done, and its lock as free. */
function surroundHandler(
  run: CommandInProgress,
  yargs: YargsInstance | undefined,
  wrapHandler: WrapHandler,
  entry: Entry,
  isAwaited: boolean,
): void {
  if (entry === 'skipped') {
    if (wrapHandler(passOver)) return
    const error = run.refusal ?? new Error('skipped')
    if (isAwaited) rejectAwaited(yargs, error)
    reject(yargs, wrapHandler, error)
    return
  }
  const close = run.keepOpen()
  const failed = (error?: unknown): void => {
    run.noteError(error)
    close()
  }
  const isWrapped = wrapHandler((handler) => onThrow(() => run.within(handler), failed))
  if (!isWrapped) run.enterFlow()
  const isHeard = observeHandler(yargs, { failed, ended: close })
  if (!isHeard) close()
  else if (!isAwaited) afterThrow(yargs, failed)
}

function passOver(): void {
  // The command does not run.
}

/** Option words are part of the process's arguments, but not of these. */
function isOwnLine(args: readonly (string | number)[]): boolean {
  const { argv } = process
  if (args.length === 0) return isOwnCommandLine(argv.slice(2))
  const words = new Set<string | number>(argv)
  // yargs makes 16 of 0x10.
  if (args.some((word) => typeof word === 'number'))
    for (const text of argv) words.add(Number(text))
  // Some hosts pass the first two words as well.
  return args.every((word) => words.has(word))
}

/**
 * A line of only options could be the process's own; in a host that does not exit, the second such line comes from a
 * prompt.
 */
function isLaterLine(args: readonly unknown[]): boolean {
  return args.length === 0 && hasCommandBegun()
}

function programName(script: string): string {
  return basename(script, extname(script)) || 'yargs'
}
