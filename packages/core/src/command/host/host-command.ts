import type { CliOpsOptions, CommandContext, CommandRule } from '../options/cli-ops-options.js'

/** What a framework knows of its program. */
export interface Program {
  readonly name: string
  readonly version?: string | undefined
}

/** What an adapter tells of a command that is about to run. */
export interface HostCommand {
  readonly program: Program
  readonly context: CommandContext
  /** A rule that the command itself carries. */
  readonly carried?: CommandRule | undefined
  /** True where what was parsed is what the process was started with, and not a line of a REPL or a call of a program. */
  readonly isOwnCommandLine: boolean
  /** True where the host goes on after a failed command, so that a refusal must not end the process. */
  readonly livesOn: boolean
  /** True where the refusal is told on stdout, as JSON. */
  readonly json?: boolean
  /** What further plugins on the same program were given. */
  readonly otherOptions?: readonly CliOpsOptions[]
  /** Where the options are, if not in code, for errors about their rules. */
  readonly optionsPlace?: string
  /** Why none of its commands may run, as far as the adapter knows. */
  readonly fault?: Error | undefined
  /** The commands of the program, for rules. */
  readonly commands: CommandTree
}

/** How the commands of a program are named. */
export interface CommandTree {
  /**
   * The canonical path of the command that a rule names, by its names or aliases, the parts separated by spaces; `undefined`
   * where the program has no such command, and `null` where that cannot be told, such as below a command that was not built yet.
   */
  resolve(path: string): string | undefined | null
  /** The canonical paths of all that are known, for "did you mean". */
  list(): readonly string[]
}
