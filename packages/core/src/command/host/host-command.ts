import type { CliOpsOptions, CommandContext, CommandRule } from '../options/cli-ops-options.js'

/** What a framework knows about its program. */
export interface Program {
  readonly name: string
  readonly version?: string | undefined
}

/** What an adapter knows about a command that is about to run. */
export interface HostCommand {
  readonly program: Program
  readonly context: CommandContext
  /** A rule that the command itself carries. */
  readonly carried?: CommandRule | undefined
  /** True if the parsed arguments are the process's own command line, not a line of a REPL or a call from code. */
  readonly isOwnCommandLine: boolean
  /** True if the host continues after a failed command, so that a refusal must not end the process. */
  readonly livesOn: boolean
  /** True to report a refusal on stdout, as JSON. */
  readonly json?: boolean
  /** Options of further plugins on the same program. */
  readonly otherOptions?: readonly CliOpsOptions[]
  /** Why none of its commands can run, as far as the adapter knows. */
  readonly fault?: Error | undefined
  /** The program's commands, for rules. */
  readonly commands: CommandTree
}

/** The names of a program's commands. */
export interface CommandTree {
  /**
   * Returns the canonical path of the command that a rule names, by names or aliases separated by spaces; `undefined` if the
   * program has no such command, and `null` if that cannot be known, for example below a command that was not built yet.
   */
  resolve(path: string): string | undefined | null
  /** Returns the canonical paths of all known commands, for "did you mean". */
  list(): readonly string[]
}
