import { emits, withLock } from '@cli-ops/yargs-plugin'
import type { Argv } from 'yargs'

import { type ItemChange, eventsOf } from '../items/item-change.js'
import { ITEMS, loadStore, saveStore } from '../items/item-store.js'
import { newItem } from '../items/new-item.js'
import { JSON_OPTION } from './json-option.js'
import { showChanges } from './show-changes.js'

interface AddArguments {
  readonly name: string
  readonly project: string | undefined
  readonly json: boolean
}

export function addCommand(program: Argv): Argv {
  return program.command(
    'add <name>',
    'add an item',
    (command) =>
      command
        .positional('name', { type: 'string', demandOption: true, describe: 'what it is' })
        .option('project', { type: 'string', requiresArg: true, describe: 'its project' })
        .option('json', JSON_OPTION),
    withLock(ITEMS, emits(eventsOf, addItem)),
  )
}

function addItem({ name, project, json }: AddArguments): ItemChange[] {
  const store = loadStore()
  const item = newItem(store.items, { name, ...(project === undefined ? {} : { project }) })
  saveStore({ ...store, items: [...store.items, item] })
  return showChanges([{ type: 'created', item }], json)
}
