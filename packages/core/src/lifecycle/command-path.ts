import type { CliOpsOptions, CommandRule } from './cli-ops-options.js'

const EVERY_COMMAND = '*'

/**
 * Finds the rule of a command: its own, written with spaces or colons, else the one that the command itself carries,
 * else the one for every command.
 */
export function findRule(
  commands: CliOpsOptions['commands'] = {},
  command: string,
  carried?: CommandRule,
): CommandRule | undefined {
  for (const key of [command, command.replaceAll(' ', ':')]) {
    if (Object.hasOwn(commands, key)) return commands[key]
  }
  return carried ?? (Object.hasOwn(commands, EVERY_COMMAND) ? commands[EVERY_COMMAND] : undefined)
}
