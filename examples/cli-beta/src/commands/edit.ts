import { findByIds, UserError } from '@cli-ops/example-base'
import { emits, withLock } from '@cli-ops/yargs-plugin'
import type { Argv } from 'yargs'

import { applyChanges } from '../items/apply-changes.js'
import { changeItem, eventsOf, type ItemChange } from '../items/item-change.js'
import { ITEMS, loadStore, saveStore } from '../items/item-store.js'
import { JSON_OPTION } from './json-option.js'
import { showChanges } from './show-changes.js'

interface EditArguments {
  readonly id: string
  readonly name: string | undefined
  /** An empty text removes the project. */
  readonly project: string | undefined
  readonly done: boolean | undefined
  readonly json: boolean
}

export function editCommand(program: Argv): Argv {
  return program.command(
    'edit <id>',
    'change an item',
    (command) =>
      command
        .positional('id', {
          type: 'string',
          demandOption: true,
          describe: 'its id, or the beginning of it',
        })
        .option('name', { type: 'string', requiresArg: true, describe: 'a new name' })
        .option('project', {
          type: 'string',
          requiresArg: true,
          describe: 'a project, "" for none',
        })
        .option('done', { type: 'boolean', describe: 'mark it as done, with --no-done as open' })
        .option('json', JSON_OPTION),
    withLock(ITEMS, emits(eventsOf, editItem)),
  )
}

function editItem({ id, name, project, done, json }: EditArguments): ItemChange[] {
  if ([name, project, done].every((option) => option === undefined)) {
    throw new UserError('nothing to change: give --name, --project, --done or --no-done')
  }
  if (name === '') throw new UserError('an item must have a name')
  const store = loadStore()
  const now = new Date().toISOString()
  const changes = findByIds('item', store.items, [id]).flatMap(
    (item) =>
      changeItem(item, {
        ...(name === undefined ? {} : { name }),
        ...(project === undefined ? {} : { project: project === '' ? null : project }),
        // An item that was already done keeps its time.
        ...(done === undefined ? {} : { doneAt: done ? (item.doneAt ?? now) : null }),
      }) ?? [],
  )
  if (changes.length > 0) saveStore({ ...store, items: applyChanges(store.items, changes) })
  return showChanges(changes, json)
}
