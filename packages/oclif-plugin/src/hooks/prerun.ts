import { assertOptions, type CliOpsOptions, startSession } from '@cli-ops/shared-ipc/lifecycle'

import { isOpsCommand } from '../ops-command-id.js'
import { type CommandClass, wrapRun } from '../command-class.js'
import { refuse } from '../refusal-error.js'

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
 * Begins a command, and puts its rule around the `run` that oclif is about to call: a lock that is not to be had then
 * is an error of the command itself, which oclif prints as text or JSON as it was asked to. A hook that throws a plain
 * error would be passed over and the command would run.
 */
export async function prerun({ Command, argv, config }: PrerunOptions): Promise<void> {
  const command = (Command.id ?? '').replaceAll(':', ' ')
  if (isOpsCommand(Command.id)) return
  const session = startSession({ name: config.bin, version: config.version }, optionsOf(config.pjson.cliOps))
  if (session.disabled) return
  const run = session.begin({ command, args: argv, options: {} }, Command.cliOps)
  let isFirst = true
  wrapRun(Command, function (original) {
    // A command may run another one, or itself again, in this process.
    if (!isFirst) return original()
    isFirst = false
    return Promise.resolve(run.execute(original, (refusal) => refuse(this, refusal)))
  })
}

function optionsOf(options: unknown): CliOpsOptions {
  if (options === undefined) return {}
  assertOptions(options)
  return options
}
