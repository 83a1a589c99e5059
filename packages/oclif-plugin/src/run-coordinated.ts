/** What runs around a command, in its own file: the `init` hook loads it with the first command. */
import {
  beginCommand,
  checkOptions,
  type CliOpsOptions,
  type CommandRun,
  currentSession,
} from '@cli-ops/shared-ipc/command'

import { canonicalId, commandTree, pathOf } from './command-tree.js'
import { isJsonRun } from './is-json-run.js'
import type { CommandClass, KnownCommand, OclifConfig } from './oclif-config.js'
import { isOpsCommand } from './ops-topic.js'

const NO_OPTIONS: CliOpsOptions = {}
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
      fault,
    },
    options,
  )
}

/** `this.exit(0)` throws although the command has succeeded. */
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

/**
 * Returns the options in the host's package.json: `"cliOps": { … }`. Invalid options keep every command from running.
 */
function optionsOf(pjson: OclifConfig['pjson']): {
  readonly options: CliOpsOptions
  readonly fault?: Error
} {
  const misplaced = misplacedKey(pjson)
  if (misplaced !== undefined) return { options: NO_OPTIONS, fault: new TypeError(misplaced) }
  const { cliOps = NO_OPTIONS } = pjson
  try {
    checkOptions(cliOps)
    return { options: cliOps }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { options: NO_OPTIONS, fault: new TypeError(`"cliOps" in package.json: ${reason}`) }
  }
}

/** Describes options under a wrong key or in a wrong place, whose rules would silently not hold. */
function misplacedKey({ cliOps, oclif, ...others }: OclifConfig['pjson']): string | undefined {
  if (isObject(oclif) && Object.keys(oclif).some(isLikeCliOps))
    return '"cliOps" in package.json must be next to "oclif", not in it'
  const key = cliOps === undefined ? Object.keys(others).find(isLikeCliOps) : undefined
  return key === undefined
    ? undefined
    : `${JSON.stringify(key)} in package.json is not read; did you mean "cliOps"?`
}

function isLikeCliOps(key: string): boolean {
  return /^cli[-_]?ops?$/iu.test(key)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
