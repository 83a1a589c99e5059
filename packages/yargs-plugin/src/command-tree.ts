import type { CommandTree } from '@cli-ops/shared-ipc/command'

import { loadParts } from './lazy.js'
import { commandPath, type Sibling, siblingsOf, topCommands, typedPath } from './yargs-command.js'
import type { ParsedArguments, YargsInstance } from './yargs-instance.js'

/** yargs' markers for the default command. */
const MARKERS: ReadonlySet<string> = new Set(['$0', '*'])

/**
 * Returns the names of an instance's commands. Subcommands are only declared when their parent runs, so a nested name is compared with
 * the command that is about to run and with its siblings; any other cannot be judged.
 */
export function commandTree(yargs: YargsInstance | undefined, argv: ParsedArguments): CommandTree {
  let siblings: readonly Sibling[] = []
  const list = (): string[] => {
    const top = Object.keys(topCommands(yargs)?.handlers ?? {})
    return [...top.filter((name) => !MARKERS.has(name)), ...siblings.map(({ path }) => path)]
  }
  const resolveNested = (path: string): string | undefined | null => {
    const running = commandPath(yargs, argv)
    if (path === running || path === typedPath(yargs)) return running
    if (!mayBeBeside(path, running)) return null
    if (siblings.length === 0) siblings = siblingsOf(yargs, running)
    const found = siblings.find((beside) => beside.path === path || beside.aliases.includes(path))
    if (found !== undefined) return found.path
    // Help may hide it, so only what looks like another name is taken for a slip.
    const names = siblings.map((beside) => lastName(beside.path))
    return loadParts().closestName(lastName(path), names) === undefined ? null : undefined
  }
  return {
    resolve(path) {
      const { handlers, aliasMap } = topCommands(yargs) ?? {}
      if (handlers === undefined || list().length === 0) return null
      const [first = '', ...rest] = path.split(' ')
      const name = Object.hasOwn(handlers, first) ? first : ownValue(aliasMap, first)
      if (name === undefined || rest.length === 0) return name
      // Only a builder that is a function can declare commands.
      if (typeof handlers[name]?.builder !== 'function') return undefined
      return resolveNested([name, ...rest].join(' '))
    },
    list,
  }
}

/**
 * Tells whether a path may be a slip for the running command, or an alias of it: it is below the same command, and its name begins alike.
 * Only then it is worth asking yargs.
 */
function mayBeBeside(path: string, running: string): boolean {
  const start = running.lastIndexOf(' ') + 1
  return path.lastIndexOf(' ') + 1 === start && path.startsWith(running.slice(0, start + 1))
}

function lastName(path: string): string {
  return path.slice(path.lastIndexOf(' ') + 1)
}

function ownValue(values: Readonly<Record<string, string>> = {}, key: string): string | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined
}
