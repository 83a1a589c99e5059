/** What runs around a command, in its own file: the `init` hook loads it with the first command. */
import {
  beginCommand,
  type CommandInProgress,
  hasCommandBegun,
  PROBE_FOLDER,
  writeProbeReport,
} from '@cli-ops/shared-ipc/command'

import { asksAboutCommand } from './asks-about-command.js'
import { canonicalId, commandTree, pathOf } from './command-tree.js'
import { isJsonRun } from './is-json-run.js'
import type { CommandClass, KnownCommand, OclifConfig } from './oclif-config.js'
import { isOpsCommand } from './ops-topic.js'
import { optionsOf, PLACE } from './package-options.js'

/** oclif plugins whose commands only describe the CLI itself. */
const FREE_PLUGINS: ReadonlySet<string> = new Set([
  '@oclif/plugin-help',
  '@oclif/plugin-version',
  '@oclif/plugin-autocomplete',
])

/**
 * Runs a command under its rule. The lock is acquired before any part of the command, including `init()` and the host's `prerun` hooks, and
 * kept until the process ends. A refused command ends the process here, since the host's own `catch()` would turn an error into another
 * failure; a command run by another command is only rejected.
 */
export async function runCoordinated(
  config: OclifConfig,
  id: string,
  argv: readonly string[],
  runCommand: () => Promise<unknown>,
): Promise<unknown> {
  const known = config.findCommand(id)
  // oclif answers unknown commands; help and version are free; and `ops` commands must not change what they show.
  if (known === undefined || isFree(known) || isOpsCommand(known.id)) return runCommand()
  // If a class cannot be loaded, oclif reports that.
  const Command = (await known.load?.().catch(() => undefined)) ?? {}
  if (asksAboutCommand(Command, argv)) return runCommand()
  const run = begin(config, known.id, argv, Command)
  if (run === undefined) return runCommand()
  if ((await run.enter()) === 'skipped') return undefined
  return follow(run, runCommand)
}

/** Tells `cli-ops attach` that the CLI has loaded the plugin. */
export function reportToProbe(): void {
  const folder = process.env[PROBE_FOLDER]
  if (folder === undefined) return
  const { pid } = process
  writeProbeReport(folder, { framework: '@oclif/core', pid, hasParsed: true, commands: [] })
}

function isFree({ pluginName }: KnownCommand): boolean {
  return pluginName !== undefined && FREE_PLUGINS.has(pluginName)
}

function begin(
  config: OclifConfig,
  id: string,
  argv: readonly string[],
  Command: CommandClass,
): CommandInProgress | undefined {
  const isInner = hasCommandBegun()
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

/** `this.exit(0)` throws although the command has succeeded. */
async function follow(
  run: CommandInProgress,
  runCommand: () => Promise<unknown>,
): Promise<unknown> {
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
