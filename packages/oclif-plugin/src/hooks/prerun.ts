import {
  checkOptions,
  beginCommand,
  type CliOpsOptions,
  EXIT_BUSY,
  type Refusal,
  sayRefusal,
} from '@cli-ops/shared-ipc/lifecycle'

import { type CommandClass, hasRun, wrapRun } from '../command-class.js'
import { isOpsCommand } from '../ops-topic.js'
import { refuse } from '../refuse.js'

/** The id that oclif gives to the command of a CLI which has only one. */
const SINGLE_COMMAND = 'Symbol(SINGLE_COMMAND_CLI)'

const EXIT_FAILURE = 1

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
export async function prerun(options: PrerunOptions): Promise<void> {
  try {
    await surroundRun(options)
  } catch (error) {
    // oclif passes over what a hook throws and runs the command, unless the error says how the process is to exit.
    throw Object.assign(error instanceof Error ? error : new Error(String(error)), {
      exitCode: EXIT_FAILURE,
      oclif: { exit: EXIT_FAILURE },
    })
  }
}

async function surroundRun({ Command, argv, config }: PrerunOptions): Promise<void> {
  // Looking must not change what is looked at.
  if (isOpsCommand(Command.id)) return
  const program = { name: config.bin, version: config.version }
  const { id = '' } = Command
  const command = id === SINGLE_COMMAND ? '' : id.replaceAll(':', ' ')
  const context = { command, args: argv, options: {} }
  const run = beginCommand(program, optionsOf(config.pjson.cliOps), context, Command.cliOps)
  if (run === undefined) return
  if (!hasRun(Command)) {
    await run.hold(endRefused)
    return
  }
  const unwrap = wrapRun(Command, async function (original) {
    // For this run only: the command may run another one, or itself again.
    unwrap()
    let exit: Error | undefined
    const action = async (): Promise<unknown> => {
      try {
        return await original()
      } catch (error) {
        if (!isGoodExit(error)) throw error
        exit = error
        return undefined
      }
    }
    const result = await run.execute(action, (refusal) => refuse(this, refusal))
    if (exit !== undefined) throw exit
    return result
  })
}

/** `this.exit(0)` throws as well, and yet the command has ended well. */
function isGoodExit(error: unknown): error is Error {
  return (error as { readonly oclif?: { readonly exit?: unknown } } | null)?.oclif?.exit === 0
}

/** For a command that cannot be wrapped: a hook has no other way to keep it from running. */
function endRefused(refusal: Refusal): never {
  sayRefusal(refusal)
  process.exit(refusal.reason === 'skipped' ? 0 : EXIT_BUSY)
}

/** The options in the host's package.json: `"cliOps": { … }`. */
function optionsOf(options: unknown): CliOpsOptions {
  if (options === undefined) return {}
  checkOptions(options)
  return options
}
