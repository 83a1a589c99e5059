import { closestName } from '../../base/names/closest-name.js'

/** How many commands a message lists. */
const MAX_LISTED = 10

/** Creates the error for a rule that names no command of the program. */
export function unknownCommandError(
  key: string,
  program: string,
  known: readonly string[],
): TypeError {
  const path = key.replaceAll(':', ' ')
  // As a person types it, with the program's name first.
  const own = path.startsWith(`${program} `) ? path.slice(program.length + 1) : path
  const meant = known.includes(own) ? own : closestName(path, known)
  const hint = meant === undefined ? listOf(known) : `did you mean ${JSON.stringify(meant)}?`
  return ruleError(
    key,
    `commands[${JSON.stringify(key)}] must name a command of ${program}; ${hint}`,
  )
}

/** Creates the error for two rules for one command, for example by its name and by an alias. */
export function twoRulesError(first: string, second: string): TypeError {
  const keys = `${JSON.stringify(first)} and ${JSON.stringify(second)}`
  return ruleError(
    second,
    `commands must have one rule for each command, got ${keys} for the same one`,
  )
}

/** Creates the error for a rule. It carries the rule, so that the file containing it can be named. */
function ruleError(rule: string, message: string): TypeError {
  return Object.assign(new TypeError(message), { rule })
}

function listOf(known: readonly string[]): string {
  if (known.length === 0) return '"" names the program itself'
  const shown = known
    .toSorted((one, other) => depthOf(one) - depthOf(other))
    .slice(0, MAX_LISTED)
    .map((name) => JSON.stringify(name))
  return `it has ${shown.join(', ')}${known.length > MAX_LISTED ? ', …' : ''}`
}

function depthOf(name: string): number {
  return name.split(' ').length
}
