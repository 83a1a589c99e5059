import type { CommandRule } from '@cli-ops/shared-ipc/command'

/** What oclif knows about a command without loading it. */
export interface KnownCommand {
  readonly id: string
  /** Name of the plugin that provides it. */
  readonly pluginName?: string
  readonly aliases?: readonly string[]
  readonly hiddenAliases?: readonly string[]
  /** Loads the command's class. */
  load?(): Promise<CommandClass>
}

/** The part of a command class that the plugin reads. */
export interface CommandClass {
  /** The command's rule, as its author declared it in the class. */
  readonly cliOps?: CommandRule
  readonly enableJsonFlag?: boolean
  readonly flags?: Readonly<Record<string, CommandFlag>>
  readonly baseFlags?: Readonly<Record<string, CommandFlag>>
}

/** The part of a flag that the plugin reads. */
export interface CommandFlag {
  readonly type?: string
  readonly char?: string
  readonly charAliases?: readonly string[]
  readonly aliases?: readonly string[]
  readonly parse?: unknown
}

/** Runs a command of the CLI by its id. */
export type RunCommand = (id: string, argv?: string[], ...rest: unknown[]) => Promise<unknown>

/** The part of oclif's `Config` that the plugin uses, in core 4 and 5. */
export interface OclifConfig {
  readonly bin: string
  readonly version: string
  readonly pjson: { readonly cliOps?: unknown; readonly oclif?: unknown }
  readonly commands?: readonly KnownCommand[]
  findCommand(id: string): KnownCommand | undefined
  scopedEnvVar?(name: string): string | undefined
  runCommand: RunCommand
}
