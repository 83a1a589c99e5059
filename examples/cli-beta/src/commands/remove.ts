import { findByIds } from '@cli-ops/example-base'
import { emits, withLock } from '@cli-ops/yargs-plugin'
import type { Argv, CommandModule } from 'yargs'

import { applyChanges } from '../items/apply-changes.js'
import { type ItemChange, eventsOf } from '../items/item-change.js'
import { ITEMS, loadStore, saveStore } from '../items/item-store.js'
import { JSON_OPTION } from './json-option.js'
import { showChanges } from './show-changes.js'

interface RemoveArguments {
  readonly id: readonly string[]
  readonly json: boolean
}

const remove: CommandModule<object, RemoveArguments> = {
  command: 'remove <id..>',
  describe: 'remove items',
  builder: (command) =>
    command
      .positional('id', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'ids, or the beginnings of them',
      })
      .option('json', JSON_OPTION),
  handler: emits(eventsOf, removeItems),
}

export function removeCommand(program: Argv): Argv {
  return program.command(withLock(ITEMS, remove))
}

function removeItems({ id, json }: RemoveArguments): ItemChange[] {
  const store = loadStore()
  const changes = findByIds('item', store.items, id).map((item): ItemChange => ({
    type: 'removed',
    item,
  }))
  saveStore({ ...store, items: applyChanges(store.items, changes) })
  return showChanges(changes, json)
}
