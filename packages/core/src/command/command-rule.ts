import { checkRule } from './check-options.js'
import type { CliOpsOptions, CommandRule } from './options/cli-ops-options.js'
import type { HostCommand } from './host/host-command.js'
import { loadParts } from './lazy.js'
import { resolveKey, withSpaces } from './rule-key.js'

/** The key of the rule for every command without its own. */
const EVERY_COMMAND = '*'

/**
 * Returns the rule of a command: its own, by its name or an alias, written with spaces or colons; else the one that the
 * command itself carries; else the one for every command. Every other rule must name a command too: a misspelt one would be a
 * lock that silently does not hold.
 *
 * @throws TypeError naming the rule, and the command that was probably meant
 */
export function findRule(
  commands: CliOpsOptions['commands'],
  host: HostCommand,
): CommandRule | undefined {
  let own: string | undefined
  for (const key of commands === undefined ? [] : Object.keys(commands)) {
    if (!names(key, host)) continue
    if (own !== undefined) throw loadParts().twoRulesError(own, key)
    own = key
  }
  if (own !== undefined) return checked(commands?.[own], `commands[${JSON.stringify(own)}]`)
  if (host.carried !== undefined)
    return checked(host.carried, `the rule of ${JSON.stringify(host.context.command)}`)
  return commands !== undefined && Object.hasOwn(commands, EVERY_COMMAND)
    ? commands[EVERY_COMMAND]
    : undefined
}

/** A rule that a command carries, or that was changed since, is validated only here. */
function checked(rule: CommandRule | undefined, place: string): CommandRule | undefined {
  checkRule(place, rule)
  return rule
}

/** Returns whether a key of the rules names the command about to run. */
function names(
  key: string,
  { context: { command, args }, commands, program }: HostCommand,
): boolean {
  if (key === command) return true
  if (key === EVERY_COMMAND || key === '') return false
  const resolved = resolveKey(key, commands)
  if (resolved === undefined)
    throw loadParts().unknownCommandError(key, program.name, commands.list())
  // A program that does not declare its commands can distinguish them by its first argument.
  return resolved === null
    ? [key, withSpaces(key)].some((path) => path === command || path === args[0])
    : resolved === command
}
