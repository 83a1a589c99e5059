import { assertOptions, beginCommand, type CliOpsOptions } from '@cli-ops/shared-ipc/lifecycle'

import { type CommandClass, wrapRun } from '../command-class.js'
import { isOpsCommand } from '../ops-topic.js'
import { refuse } from '../refuse.js'

/** What oclif hands to the hook. */
interface PrerunOptions {
  readonly Command: CommandClass
  readonly argv: readonly string[]
  readonly config: {
    readonly bin: string
    readonly version: string
    readonly pjson: { readonly cliOps?: unknown }
  }
}

/**
 * Begins a command, and puts its rule around the `run` that oclif is about to call. A lock that is not to be had is
 * then an error of the command itself, which oclif prints as text or as JSON; one thrown by a hook would be
 * passed over and the command would run.
 */
export async function prerun({ Command, argv, config }: PrerunOptions): Promise<void> {
  // Looking must not change what is looked at.
  if (isOpsCommand(Command.id)) return
  const program = { name: config.bin, version: config.version }
  const command = (Command.id ?? '').replaceAll(':', ' ')
  const context = { command, args: argv, options: {} }
  const run = await beginCommand(program, optionsOf(config.pjson.cliOps), context, Command.cliOps)
  if (run === undefined) return
  const unwrap = wrapRun(Command, async function (original) {
    // For this run only: the command may run another one, or itself again.
    unwrap()
    return run.execute(original, (refusal) => refuse(this, refusal))
  })
}

/** The options in the host's package.json: `"cliOps": { … }`. */
function optionsOf(options: unknown): CliOpsOptions {
  if (options === undefined) return {}
  assertOptions(options)
  return options
}
