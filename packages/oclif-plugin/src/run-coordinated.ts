/** What runs around a command, a file of its own: the `init` hook loads it when the first one begins. */
import {
  beginCommand,
  type CommandRun,
  currentSession,
} from '@cli-ops/shared-ipc/command'

import { canonicalId, commandTree, pathOf } from './command-tree.js'
import { isJsonRun } from './is-json-run.js'
import type { CommandClass, KnownCommand, OclifConfig } from './oclif-config.js'
import { isOpsCommand } from './ops-topic.js'
import { optionsOf, PLACE } from './package-options.js'

/** The plugins of oclif whose commands only tell of the CLI itself. */
const FREE_PLUGINS: ReadonlySet<string> = new Set([
  '@oclif/plugin-help',
  '@oclif/plugin-version',
  '@oclif/plugin-autocomplete',
])

/**
 * Runs a command under its rule. The lock is acquired before anything of it runs, `init()` and the host's `prerun` hooks included, and it is
 * kept to the end of the process. A command that may not run ends the process here, since the host's own `catch()` would make another
 * failure of an error; one that another command runs is rejected alone.
 */
export async function runCoordinated(
  config: OclifConfig,
  id: string,
  argv: readonly string[],
  runCommand: () => Promise<unknown>,
): Promise<unknown> {
  const known = config.findCommand(id)
  // What is no command, oclif answers; help and version are free; and looking must not change what is looked at.
  if (known === undefined || isFree(known) || isOpsCommand(known.id)) return runCommand()
  // Where a class cannot be loaded, oclif says so.
  const Command = (await known.load?.().catch(() => undefined)) ?? {}
  const run = begin(config, known.id, argv, Command)
  if (run === undefined) return runCommand()
  if ((await run.enter()) === 'skipped') return undefined
  return follow(run, runCommand)
}

function isFree({ pluginName }: KnownCommand): boolean {
  return pluginName !== undefined && FREE_PLUGINS.has(pluginName)
}

function begin(
  config: OclifConfig,
  id: string,
  argv: readonly string[],
  Command: CommandClass,
): CommandRun | undefined {
  const isInner = currentSession()?.current !== undefined
  const { options, fault } = optionsOf(config.pjson)
  return beginCommand(
    {
      program: { name: config.bin, version: config.version },
      context: { command: pathOf(canonicalId(config, id) ?? id), args: argv, options: {} },
      carried: Command.cliOps,
      isOwnCommandLine: !isInner,
      livesOn: isInner,
      json: isJsonRun(Command, argv, config.scopedEnvVar?.('CONTENT_TYPE')),
      commands: commandTree(config),
      optionsPlace: PLACE,
      fault,
    },
    options,
  )
}

/** `this.exit(0)` throws, and yet the command has ended well. */
async function follow(run: CommandRun, runCommand: () => Promise<unknown>): Promise<unknown> {
  let exit: Error | undefined
  const result = await run.follow(async () => {
    try {
      return await runCommand()
    } catch (error) {
      if (!isGoodExit(error)) throw error
      exit = error
      return undefined
    }
  })
  if (exit !== undefined) throw exit
  return result
}

function isGoodExit(error: unknown): error is Error {
  return (error as { readonly oclif?: { readonly exit?: unknown } } | null)?.oclif?.exit === 0
}
