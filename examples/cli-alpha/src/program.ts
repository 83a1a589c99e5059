import { cliOps } from '@cli-ops/commander-plugin'
import { Command } from 'commander'

import { addCommand } from './commands/add.js'
import { configCommand } from './commands/config.js'
import { deleteCommand } from './commands/delete.js'
import { doneCommand } from './commands/done.js'
import { editCommand } from './commands/edit.js'
import { listCommand } from './commands/list.js'
import { syncCommand } from './commands/sync.js'
import { watchCommand } from './commands/watch.js'

export function createProgram(): Command {
  const program = new Command('cli-alpha').version('0.1.0').description('keeps track of tasks')
  const commands = [addCommand, listCommand, doneCommand, editCommand, deleteCommand]
  for (const create of [...commands, syncCommand, watchCommand, configCommand]) {
    program.addCommand(create())
  }

  program.use(cliOps({ ops: true }))

  return program
}
