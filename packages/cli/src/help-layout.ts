import { type Command, Help, type HelpConfiguration } from 'commander'

import { examples } from './examples.js'

/** The commands by what they are for, the most wanted first. */
const GROUPS: readonly (readonly [title: string, commands: readonly string[]])[] = [
  ['Take part', ['run', 'emit', 'wait-for', 'call']],
  ['Look', ['why', 'status', 'locks', 'history', 'events', 'ps', 'top', 'dashboard']],
  ['Repair', ['doctor', 'clean']],
  ['Set up', ['init', 'attach', 'detach', 'serve', 'completion', 'conformance', 'help']],
]
const ORDER = GROUPS.flatMap(([, names]) => names)
/** A description narrower than this goes below what it describes. */
const NARROW = 24
const INDENT = ' '.repeat(6)

/** Groups the commands in the program's help, and makes the help of all commands fit narrow terminals. */
export function layOutHelp(program: Command): void {
  for (const [title, names] of GROUPS)
    for (const command of program.commands)
      if (names.includes(command.name())) command.helpGroup(`${title}:`)
  program.addHelpText(
    'after',
    `${examples(
      'cli-ops run --lock deploy -- ./deploy.sh production',
      'cli-ops why deploy',
      'cli-ops history deploy --since 7d',
    )}

Each command: cli-ops help <command>
Guides: https://github.com/cli-ops/cli-ops`,
  )
  // The groups appear in the order of their commands.
  ;(program.commands as Command[]).sort((one, other) => rank(one) - rank(other))
  fit(program)
  // Their arguments would leave no room for what they do.
  program.configureHelp({ ...LAYOUT, subcommandTerm: (command) => command.name() })
}

const LAYOUT: HelpConfiguration = {
  minWidthToWrap: NARROW,
  formatItem(term, termWidth, description, helper) {
    const width = helper.helpWidth ?? 80
    if (description === '' || width - termWidth - 4 >= NARROW)
      return Help.prototype.formatItem.call(helper, term, termWidth, description, helper)
    const below = helper.boxWrap(description, Math.max(NARROW, width - INDENT.length))
    return `  ${term}\n${INDENT}${below.replaceAll('\n', `\n${INDENT}`)}`
  },
}

function fit(command: Command): void {
  command.configureHelp(LAYOUT)
  for (const below of command.commands) fit(below)
}

function rank(command: Command): number {
  const at = ORDER.indexOf(command.name())
  return at < 0 ? ORDER.length : at
}
