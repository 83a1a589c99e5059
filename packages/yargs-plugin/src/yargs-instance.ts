import type { Argv } from 'yargs'

/**
 * What the plugin reads of a yargs instance beyond its public interface, in 17 and 18. Every part is looked for before it
 * is used, and the service goes on without it.
 */
export interface YargsInternals {
  /** The commands on the way to the one that runs, as they were declared: `['task', 'add <title>']`. */
  readonly getContext?: () => { readonly fullCommands?: readonly string[] } | undefined
  readonly getUsageInstance?: () => { fail?: YargsFail } | undefined
}

/** Prints a failure and ends the process, or calls the host's own `.fail()`. */
export type YargsFail = (message: string | null, error?: unknown) => unknown

/** A yargs instance, of any copy. */
export type YargsInstance = Pick<Argv, 'argv'> & {
  readonly getInternalMethods?: () => YargsInternals
}

/** The arguments as yargs hands them to middleware and handlers. */
export interface ParsedArguments {
  readonly _: readonly (string | number)[]
  readonly $0: string
  readonly [name: string]: unknown
}

/** How yargs marks the default command. */
const DEFAULT_COMMANDS: ReadonlySet<string> = new Set(['$0', '*'])

/**
 * Path of the command that runs, by the names under which its parts were declared, whatever alias was typed; empty for
 * the default command. Where yargs does not tell, the first word stands for it.
 */
export function commandPath(yargs: YargsInstance | undefined, argv: ParsedArguments): string {
  const declared = internalsOf(yargs)?.getContext?.()?.fullCommands
  if (declared === undefined) return String(argv._[0] ?? '')
  return declared
    .map((command) => command.trim().split(/\s/u, 1)[0] ?? '')
    .filter((name) => !DEFAULT_COMMANDS.has(name))
    .join(' ')
}

/** Calls `observer` with the error of a handler that failed, before yargs prints it; yargs does the rest as ever. */
export function observeFailure(
  yargs: YargsInstance | undefined,
  observer: (error: unknown) => void,
): void {
  const usage = internalsOf(yargs)?.getUsageInstance?.()
  const fail = usage?.fail
  if (usage === undefined || typeof fail !== 'function') return
  usage.fail = (message, error) => {
    if (error !== undefined) observer(error)
    return fail(message, error)
  }
}

function internalsOf(yargs: YargsInstance | undefined): YargsInternals | undefined {
  return yargs?.getInternalMethods?.()
}
