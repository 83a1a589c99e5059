import { cliOps, opsCommand } from '@cli-ops/yargs-plugin'
import yargs, { type Argv } from 'yargs'

import { addCommand } from './commands/add.js'
import { editCommand } from './commands/edit.js'
import { followCommand } from './commands/follow.js'
import { listCommand } from './commands/list.js'
import { removeCommand } from './commands/remove.js'
import { statusCommand } from './commands/status.js'

const NAME = 'cli-beta'
const VERSION = '0.1.0'

export function createProgram(args: readonly string[]): Argv {
  const program = yargs(args)
    .scriptName(NAME)
    .version(VERSION)
    .usage('$0 <command>\n\nkeeps a list of items, which follows the tasks of cli-alpha')
    .middleware(cliOps({ name: NAME, version: VERSION }))
    .command(opsCommand())
    .demandCommand(1, 'say what to do')
    .recommendCommands()
    .strict()
    .fail(showUsageOrThrow)
  for (const addTo of [addCommand, listCommand, editCommand, removeCommand]) addTo(program)
  return statusCommand(followCommand(program))
}

/** A usage error is shown with the help; an error from a handler goes to the caller of `parseAsync`. */
function showUsageOrThrow(message: string | null, error: unknown, program: Argv): void {
  if (error instanceof Error && error.name !== 'YError') throw error
  program.showHelp()
  process.stderr.write(`\n${message ?? String(error)}\n`)
  process.exit(1)
}
