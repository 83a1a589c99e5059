import type { CommandTree } from '@cli-ops/shared-ipc/command'

import type { KnownCommand, OclifConfig } from './oclif-config.js'

/** The id that oclif gives to a CLI's only command. */
const SINGLE_COMMAND = 'Symbol(SINGLE_COMMAND_CLI)'

/** Returns the path of a command: its id with spaces; empty for a CLI's only command. */
export function pathOf(id: string): string {
  return id === SINGLE_COMMAND ? '' : id.replaceAll(':', ' ')
}

/** Returns the id that a command was declared with, whichever alias it runs under. */
export function canonicalId(
  { commands = [] }: Pick<OclifConfig, 'commands'>,
  id: string,
): string | undefined {
  // oclif lists a command again under each alias.
  const declared = commands.filter((command) => !aliasesOf(command).includes(command.id))
  return declared.find((command) => command.id === id || aliasesOf(command).includes(id))?.id
}

function aliasesOf({ aliases = [], hiddenAliases = [] }: KnownCommand): string[] {
  return [...aliases, ...hiddenAliases].map((alias) => alias.replaceAll(' ', ':'))
}

/** Returns the names of a CLI's commands. */
export function commandTree(config: Pick<OclifConfig, 'commands'>): CommandTree {
  const list = (): string[] =>
    (config.commands ?? []).map(({ id }) => pathOf(id)).filter((path) => path !== '')
  return {
    resolve(path) {
      if (list().length === 0) return null
      const id = canonicalId(config, path.replaceAll(' ', ':'))
      return id === undefined ? undefined : pathOf(id)
    },
    list,
  }
}
