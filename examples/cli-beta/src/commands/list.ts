import { print, printJson } from '@cli-ops/example-base'
import type { Argv } from 'yargs'

import { itemLine } from '../items/item-line.js'
import { loadItems } from '../items/item-store.js'
import { JSON_OPTION } from './json-option.js'

interface ListArguments {
  readonly all: boolean
  readonly project: string | undefined
  readonly json: boolean
}

export function listCommand(program: Argv): Argv {
  return program.command(
    'list',
    'list the open items',
    (command) =>
      command
        .option('all', { type: 'boolean', default: false, describe: 'the done ones too' })
        .option('project', { type: 'string', requiresArg: true, describe: 'only of this project' })
        .option('json', JSON_OPTION),
    (options) => listItems(options),
  )
}

// Reading needs no lock: the store is always replaced as a whole.
function listItems({ all, project, json }: ListArguments): void {
  const items = loadItems()
    .filter(({ doneAt }) => all || doneAt === undefined)
    .filter((item) => project === undefined || item.project === project)
  if (json) printJson(items)
  else for (const item of items) print(itemLine(item))
}
