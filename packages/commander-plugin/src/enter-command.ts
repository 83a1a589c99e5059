/** The start of a commander command: loaded with the first one. */
import {
  beginCommand,
  type CommandInProgress,
  type Entry,
  hasCommandBegun,
  hostBlocks,
  isPromiseLike,
} from '@cli-ops/shared-ipc/command'

import type { Attachment } from './attach.js'
import { CommandLine } from './command-line.js'
import { commandTree, pathOf } from './command-tree.js'
import type { CommanderProgram } from './commander-program.js'

/**
 * Begins the command of an action and runs the action under its rule; returns a promise only under `parseAsync()`. If a future
 * commander keeps its action elsewhere, the command runs under the rule until the process ends.
 */
export function enterAction(attachment: Attachment): void | Promise<void> {
  const run = begin(attachment)
  if (run === null) return undefined
  const { leaf } = attachment
  const follow = (entry: Entry): void => {
    attachment.fail = surroundAction(leaf, run, entry)
  }
  const entry = run.enter(() => blocks(attachment))
  if (isPromiseLike(entry)) return entry.then(follow)
  follow(entry)
}

/** Begins a subcommand that is a separate program, which ends this one when it ends. */
export function enterExecutable(attachment: Attachment): void | Promise<void> {
  const run = begin(attachment)
  if (run === null) return undefined
  const entry = run.enter(() => blocks(attachment))
  return isPromiseLike(entry) ? entry.then(() => undefined) : undefined
}

/** Begins a command without an action: the program works with the parsed arguments, and continues immediately. */
export function enterWithoutAction(attachment: Attachment): void {
  const { leaf } = attachment
  // An action or a program that follows begins on its own.
  if (typeof leaf._actionHandler === 'function' || leaf._executableHandler === true) return
  const run = begin(attachment)
  if (run?.enterNow() !== 'granted') return
  run.enterFlow()
  run.follow(() => undefined)
}

function begin(attachment: Attachment): CommandInProgress | null {
  const { program, options, others, leaf } = attachment
  const { rawArgs = [], _exitCallback } = rootOf(program)
  const line = new CommandLine(rawArgs)
  const survives = _exitCallback != null
  const livesOn = survives && !line.isOwn && !(line.hasOwnWords && !hasCommandBegun())
  const run = beginCommand(
    {
      program: { name: program.name(), version: program.version() },
      context: { command: pathOf(leaf, program), args: leaf.processedArgs, options: leaf.opts() },
      isOwnCommandLine: survives ? !livesOn : line.isOwn || line.isMadeOfOwn,
      livesOn,
      otherOptions: others,
      commands: commandTree(program),
    },
    options,
  )
  return (attachment.run = run ?? null)
}

/** Returns what ends the command instead of its action, which an error in a hook of the host prevents. */
function surroundAction(
  command: CommanderProgram,
  run: CommandInProgress,
  entry: Entry,
): (() => void) | undefined {
  const action = command._actionHandler
  if (typeof action !== 'function') {
    run.follow(() => undefined)
    return undefined
  }
  const surrounded: typeof action = function (this: unknown, args) {
    command._actionHandler = action
    if (entry === 'skipped') return undefined
    return run.follow<unknown>(() => Reflect.apply(action, this, [args]))
  }
  command._actionHandler = surrounded
  return () => {
    if (command._actionHandler !== surrounded) return
    command._actionHandler = action
    run.noteError()
    run.keepOpen()()
  }
}

function blocks({ manner }: Attachment): boolean {
  return manner === undefined ? hostBlocks() : manner === 'goes on'
}

function rootOf(program: CommanderProgram): CommanderProgram {
  return program.parent === null ? program : rootOf(program.parent)
}
