import { newId } from '@cli-ops/example-base'

import type { Item } from './item.js'

/** Creates an item with a new id. The caller holds the lock, so its id stays unique. */
export function newItem(
  items: readonly Item[],
  fields: Pick<Item, 'name' | 'project' | 'task'>,
): Item {
  const now = new Date().toISOString()
  return { id: newId(items), ...fields, createdAt: now, updatedAt: now }
}
