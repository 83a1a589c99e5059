import type { CommandTree } from '@cli-ops/shared-ipc/command'

import { topCommands } from './yargs-command.js'
import type { YargsInstance } from './yargs-instance.js'

/** yargs' markers for the default command. */
const MARKERS: ReadonlySet<string> = new Set(['$0', '*'])

/**
 * Returns the names of an instance's commands. Subcommands are only declared when their parent runs, so names further down are
 * compared as given.
 */
export function commandTree(yargs: YargsInstance | undefined): CommandTree {
  const list = (): string[] =>
    Object.keys(topCommands(yargs)?.handlers ?? {}).filter((name) => !MARKERS.has(name))
  return {
    resolve(path) {
      const { handlers, aliasMap } = topCommands(yargs) ?? {}
      if (handlers === undefined || list().length === 0) return null
      const [first = '', ...rest] = path.split(' ')
      const name = Object.hasOwn(handlers, first) ? first : ownValue(aliasMap, first)
      return name === undefined ? undefined : [name, ...rest].join(' ')
    },
    list,
  }
}

function ownValue(values: Readonly<Record<string, string>> = {}, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined
}
