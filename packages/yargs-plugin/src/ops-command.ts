import { type CliOpsOptions, OPS_COMMANDS, type OpsCommand } from '@cli-ops/shared-ipc/command'
import type { OwnRules } from '@cli-ops/shared-ipc/ops'
import type { Argv, CommandModule } from 'yargs'

import type { ParsedArguments } from './yargs-instance.js'

/** Marks the arguments of an `ops` command, which must not change what it shows. */
const OPS_RUN = 'cliOpsCommand'

/** Returns whether the arguments belong to a mounted `ops` command. */
export function isOpsRun(argv: ParsedArguments): boolean {
  return argv[OPS_RUN] !== undefined
}

/** The program that the `ops` command belongs to, where the plugin is on it. */
let own: OwnRules | undefined

/** Tells the `ops` command the rules and the commands of its program, which yargs does not show it. */
export function noteOwnRules(rules: OwnRules): void {
  own = rules
}

/**
 * Creates the command module with the `ops` commands, since a middleware cannot add commands. Their implementation
 * loads when one of them runs.
 *
 * @example
 * ```ts
 * yargs(hideBin(process.argv)).middleware(cliOps()).command(opsCommand()).parseAsync()
 * ```
 */
export function opsCommand(options: CliOpsOptions = {}): CommandModule {
  const name = typeof options.ops === 'string' ? options.ops : 'ops'
  return {
    command: name,
    describe: 'show and repair locks, events and running CLIs',
    builder: (yargs) =>
      mountBelow(yargs, '', options).demandCommand(1, `Specify a command: ${names('').join(', ')}`),
    handler: () => undefined,
  }
}

function mountBelow(yargs: Argv, parent: string, options: CliOpsOptions): Argv {
  const below = OPS_COMMANDS.filter(({ path }) => parentOf(path) === parent)
  return below.reduce((parser, spec) => parser.command(moduleOf(spec, options)), yargs)
}

function moduleOf(spec: OpsCommand, options: CliOpsOptions): CommandModule {
  const words = [
    spec.path.slice(spec.path.lastIndexOf(' ') + 1),
    ...spec.arguments.map(({ name, optional }) => (optional === true ? `[${name}]` : `<${name}>`)),
  ]
  return {
    command: words.join(' '),
    describe: spec.summary,
    builder: (yargs) => {
      for (const { name, description } of spec.arguments)
        yargs.positional(name, { describe: description, type: 'string' })
      for (const { name, short, value, description, required } of spec.options) {
        const type = value === undefined ? 'boolean' : 'string'
        yargs.option(name, {
          describe: description,
          alias: short,
          type,
          demandOption: required === true,
          requiresArg: value !== undefined,
        })
      }
      yargs.option(OPS_RUN, { default: spec.path, hidden: true })
      return mountBelow(yargs, spec.path, options)
    },
    handler: async (argv) => {
      const { runOps } = await import('@cli-ops/shared-ipc/ops')
      const { name = argv.$0, home, namespace, url } = options
      const given = spec.arguments.filter((argument) => argv[argument.name] !== undefined)
      const args = given.map((argument) => String(argv[argument.name]))
      process.exitCode = await runOps({
        name,
        home,
        namespace,
        url,
        path: spec.path,
        args,
        options: argv,
        own,
      })
    },
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf(' ')))
}

function names(parent: string): string[] {
  return OPS_COMMANDS.filter(({ path }) => parentOf(path) === parent).map(({ path }) => path)
}
