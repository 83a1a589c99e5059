/** The `ops` commands, in their own file: `lazy.ts` loads it for a program that has them. */
import { type CliOpsOptions, OPS_COMMANDS, type OpsCommand } from '@cli-ops/shared-ipc/command'

import { commandTree } from './command-tree.js'
import type { CommanderProgram } from './commander-program.js'

const opsCommands = new WeakSet<CommanderProgram>()

/** Returns whether a command is a mounted `ops` command, which must not change what it shows. */
export function isOpsCommand(command: CommanderProgram): boolean {
  return opsCommands.has(command)
}

/** Adds the command `ops`, or one of another name, with the `ops` commands below it. */
export function mountOps(program: CommanderProgram, options: CliOpsOptions): void {
  const name = typeof options.ops === 'string' ? options.ops : 'ops'
  const root = program.command(name)
  root.description('show and repair locks, events and running CLIs')
  mountOpsOn(root, options)
}

/** Adds the `ops` commands themselves. Their implementation loads when one of them runs. */
export function mountOpsOn(root: CommanderProgram, options: CliOpsOptions): void {
  const mounted = new Map<string, CommanderProgram>([['', root]])
  for (const command of OPS_COMMANDS) {
    const at = command.path.lastIndexOf(' ')
    const parent = mounted.get(at < 0 ? '' : command.path.slice(0, at)) ?? root
    mounted.set(command.path, mount(root, parent, command, options))
  }
}

function mount(
  root: CommanderProgram,
  parent: CommanderProgram,
  spec: OpsCommand,
  options: CliOpsOptions,
): CommanderProgram {
  const command = parent.command(spec.path.slice(spec.path.lastIndexOf(' ') + 1))
  opsCommands.add(command)
  command.description(spec.summary)
  for (const { name, description, optional } of spec.arguments)
    command.argument(optional === true ? `[${name}]` : `<${name}>`, description)
  for (const { name, short, value, description } of spec.options) {
    const long = value === undefined ? `--${name}` : `--${name} <${value}>`
    const flags = short === undefined ? long : `-${short}, ${long}`
    command.option(flags, description)
  }
  command.action(async () => {
    // commander checks required options before it reports unknown ones, such as a misspelt required one.
    const missing = spec.options.find(
      ({ name, required }) => required === true && !Object.hasOwn(command.opts(), name),
    )
    if (missing !== undefined)
      command.error(`error: required option '--${missing.name} <${missing.value}>' not specified`)
    const { runOps } = await import('@cli-ops/shared-ipc/ops')
    const words = namesFrom(root)
    const { name = words[0] ?? '', home, namespace, url, commands } = options
    const args = command.processedArgs.filter((value) => typeof value === 'string')
    process.exitCode = await runOps({
      name,
      home,
      namespace,
      url,
      path: spec.path,
      args,
      options: allOptions(command),
      program: words.join(' '),
      own: { commands, tree: commandTree(programOf(root)) },
    })
  })
  return command
}

/** A parent's switch of the same name wins the parse: `ops locks release x --id y --json` sets `--json` of `locks`. */
function allOptions(command: CommanderProgram): Record<string, unknown> {
  const parent = command.parent
  return parent !== null && opsCommands.has(parent)
    ? { ...parent.opts(), ...command.opts() }
    : command.opts()
}

function programOf(command: CommanderProgram): CommanderProgram {
  return command.parent === null ? command : programOf(command.parent)
}

/** Returns the names of a command and its parents, the program's first. */
function namesFrom(command: CommanderProgram): string[] {
  const above = command.parent === null ? [] : namesFrom(command.parent)
  return [...above, command.name()]
}
