import type { CommandTree } from '../command/host/host-command.js'
import { twoRulesError, unknownCommandError } from '../command/options/rule-errors.js'
import { resolveKey, withSpaces } from '../command/rule-key.js'
import type { CommandRules } from './rule-history.js'

/** The rules of the CLI that mounts an `ops` command, and its commands, against which rules are checked. */
export interface OwnRules {
  /** The rules that its author wrote, in code or in its package.json. */
  readonly commands?: CommandRules | undefined
  readonly tree: CommandTree
  /** Why its options cannot be used. */
  readonly fault?: Error | undefined
}

/** What a key of the rules is for. */
export type NamedCommand =
  { readonly path: string } | { readonly wrong: string; readonly remedy: string } | 'unknown'

/** Judges the key of a rule by the commands of its CLI. */
export function judgeKey(
  key: string,
  rules: CommandRules,
  program: string,
  tree: CommandTree,
): NamedCommand {
  const path = pathOf(key, tree)
  if (path === undefined) {
    const remedy = `correct it; until then no command of ${program} runs (78)`
    return { wrong: unknownCommandError(key, program, tree.list()).message, remedy }
  }
  const isSame = (other: string): boolean =>
    withSpaces(other) === withSpaces(key) || (path !== null && pathOf(other, tree) === path)
  const twin = Object.keys(rules).find((other) => other !== key && isSame(other))
  if (twin !== undefined) {
    const remedy = 'remove one of them; until then that command does not run (78)'
    return { wrong: twoRulesError(key, twin).message, remedy }
  }
  return path === null || tree === UNKNOWN_TREE ? 'unknown' : { path }
}

/** The tree of a CLI whose commands are not known here. */
export const UNKNOWN_TREE: CommandTree = { resolve: () => null, list: () => [] }

function pathOf(key: string, tree: CommandTree): string | undefined | null {
  return key === '' || key === '*' ? key : resolveKey(key, tree)
}
