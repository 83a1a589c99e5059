import type { CliOpsOptions, CommandRule } from './cli-ops-options.js'

const EVERY_COMMAND = '*'

/** Finds the rule of a command: its own, written with spaces or colons, else the one for every command. */
export function findRule(
  commands: CliOpsOptions['commands'],
  command: string,
): CommandRule | undefined {
  if (commands === undefined) return undefined
  for (const key of [command, command.replaceAll(' ', ':'), EVERY_COMMAND]) {
    if (Object.hasOwn(commands, key)) return commands[key]
  }
  return undefined
}
