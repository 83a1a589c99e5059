import type { CliOpsOptions, CommandRun, Refusal } from '@cli-ops/shared-ipc/lifecycle'

import type { CommanderProgram } from './commander-program.js'
import { loadedMountOps, loadLifecycle, loadMountOps } from './load-files.js'

// A preload and the host's own import are two copies of this file.
const KEY = Symbol.for('cli-ops.attached-programs')
type Global = typeof globalThis & { [KEY]?: WeakSet<CommanderProgram> }
const attached = ((globalThis as Global)[KEY] ??= new WeakSet())

/**
 * Hooks a program. Everything happens in commander's own hooks, which run for the commands added later too, and not
 * for help, version and usage errors: these cost nothing.
 */
export function attach(program: CommanderProgram, options: CliOpsOptions): void {
  if (attached.has(program)) return
  attached.add(program)
  program.hook('preAction', (_program, command) => {
    const run = begin(program, command, options)
    return run === undefined ? undefined : surroundAction(command, run)
  })
  program.hook('preSubcommand', (_program, command) => {
    // Returning a promise for every subcommand would make a synchronous parse() asynchronous.
    if (command._executableHandler !== true) return undefined
    return begin(program, command, options)?.hold(endRefused)
  })
  if (options.ops !== undefined && options.ops !== false) loadMountOps().mountOps(program, options)
}

function begin(
  program: CommanderProgram,
  command: CommanderProgram,
  options: CliOpsOptions,
): CommandRun | undefined {
  // A program within a coordinated program is the outer one's command; looking must not change what is looked at.
  if (hasAttachedAncestor(program) || loadedMountOps()?.isOpsCommand(command)) return undefined
  const { beginCommand } = loadLifecycle()
  return beginCommand({ name: program.name(), version: program.version() }, options, {
    command: pathOf(command, program),
    args: command.processedArgs,
    options: command.opts(),
  })
}

/**
 * Puts the rule around the action itself, since `postAction` is skipped when an action throws. Where a future commander
 * keeps its action elsewhere, the command runs under the rule until the end of the process.
 */
function surroundAction(command: CommanderProgram, run: CommandRun): void | Promise<void> {
  const action = command._actionHandler
  if (typeof action !== 'function') return run.hold(endRefused)
  const { sayRefusal } = loadLifecycle()
  command._actionHandler = function (this: unknown, args) {
    command._actionHandler = action
    return run.execute<unknown>(() => Reflect.apply(action, this, [args]), sayRefusal)
  }
  return undefined
}

/**
 * Ends the process where commander leaves no other way to keep a command from running: a subcommand that is a program
 * of its own, or an action that cannot be reached.
 */
function endRefused(refusal: Refusal): never {
  const { EXIT_BUSY, sayRefusal } = loadLifecycle()
  sayRefusal(refusal)
  process.exit(refusal.reason === 'skipped' ? 0 : EXIT_BUSY)
}

function hasAttachedAncestor(program: CommanderProgram): boolean {
  for (let parent = program.parent; parent !== null; parent = parent.parent) {
    if (attached.has(parent)) return true
  }
  return false
}

function pathOf(command: CommanderProgram, program: CommanderProgram): string {
  const names: string[] = []
  for (
    let part: CommanderProgram | null = command;
    part !== null && part !== program;
    part = part.parent
  ) {
    names.unshift(part.name())
  }
  return names.join(' ')
}
