import type { CommandTree } from '@cli-ops/shared-ipc/command'

import { commandPath, defaultNames, topCommands, typedPath } from './yargs-command.js'
import type { ParsedArguments, YargsInstance } from './yargs-instance.js'

/** yargs' markers for the default command. */
const MARKERS: ReadonlySet<string> = new Set(['$0', '*'])

/**
 * Returns the names of an instance's commands. Subcommands are only declared when their parent runs, and yargs forgets the commands
 * beside a nested one when it enters that one. So a nested name is compared with the running command and its alias; no other can be
 * judged.
 */
export function commandTree(yargs: YargsInstance | undefined, argv: ParsedArguments): CommandTree {
  const list = (): string[] =>
    Object.keys(topCommands(yargs)?.handlers ?? {}).filter((name) => !MARKERS.has(name))
  const resolveNested = (path: string): string | null => {
    const running = commandPath(yargs, argv)
    const names = [running, typedPath(yargs)]
    const byDefault = defaultNames(yargs).flatMap((last) => names.map((name) => `${name} ${last}`))
    return [...names, ...byDefault].includes(path) ? running : null
  }
  return {
    resolve(path) {
      const { handlers, aliasMap, defaultCommand } = topCommands(yargs) ?? {}
      if (handlers === undefined || list().length === 0) return null
      const [first = '', ...rest] = path.split(' ')
      const name = Object.hasOwn(handlers, first) ? first : ownValue(aliasMap, first)
      if (name === undefined) return undefined
      // The default command can have a name, too.
      if (rest.length === 0)
        return handlers[name] === defaultCommand && commandPath(yargs, argv) === '' ? '' : name
      // Only a builder that is a function can declare commands.
      if (typeof handlers[name]?.builder !== 'function') return undefined
      return resolveNested([name, ...rest].join(' '))
    },
    list,
  }
}

function ownValue(values: Readonly<Record<string, string>> = {}, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined
}
