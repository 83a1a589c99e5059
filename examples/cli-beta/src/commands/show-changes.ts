import { note, print, printJson } from '@cli-ops/example-base'

import type { ItemChange } from '../items/item-change.js'
import { itemLine } from '../items/item-line.js'

/** Prints what a command changed, and returns it for the events. */
export function showChanges(changes: ItemChange[], json: boolean): ItemChange[] {
  if (json) printJson(changes.map(({ item }) => item))
  else if (changes.length === 0) note('nothing to change')
  else for (const { type, item } of changes) print(`${type} ${itemLine(item)}`)
  return changes
}
