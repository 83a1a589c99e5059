import type { ProgramCommand } from '@cli-ops/shared-ipc/command'

/** The part of an instance that holds its commands, in 17 and 18. */
interface YargsWithCommands {
  readonly getInternalMethods?: () => {
    readonly getContext?: () => { readonly fullCommands?: readonly string[] } | undefined
    readonly getCommandInstance?: () => {
      readonly handlers?: Readonly<Record<string, unknown>>
      readonly aliasMap?: Readonly<Record<string, string>>
    }
  }
}

/**
 * Lists the commands that an instance currently knows: all top-level ones before it parses, and subcommands while their parent runs,
 * since yargs declares them then.
 */
export function listCommands(yargs: unknown): readonly ProgramCommand[] {
  const internals = (yargs as YargsWithCommands).getInternalMethods?.()
  const { handlers = {}, aliasMap = {} } = internals?.getCommandInstance?.() ?? {}
  const above = (internals?.getContext?.()?.fullCommands ?? []).map(
    (command) => `${command.trim().split(/\s/u, 1)[0] ?? ''} `,
  )
  return Object.keys(handlers)
    .filter((name) => name !== '$0')
    .map((name) => ({
      path: above.join('') + name,
      aliases: Object.keys(aliasMap)
        .filter((alias) => aliasMap[alias] === name)
        .map((alias) => above.join('') + alias),
    }))
}
