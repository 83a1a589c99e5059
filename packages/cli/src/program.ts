import { opsCommands } from '@cli-ops/commander-plugin'
import { Command } from 'commander'

import { topCommand } from './commands/top.js'
import { version } from './version.js'

/**
 * The commands of `commands/`, one a file, each made by a function without arguments. Such a file declares name, options
 * and help; what the command does is imported by its action, so that no command pays for another one.
 */
const COMMANDS: readonly (() => Command)[] = [topCommand]

export function createProgram(): Command {
  const program = new Command('cli-ops')
    .version(version())
    .description('look inside the coordination of CLIs, and run any program under a lock')
    // What follows `run` belongs to the program that it runs.
    .enablePositionalOptions()
  program.use(opsCommands())
  for (const create of COMMANDS) program.addCommand(create())
  return program
}
