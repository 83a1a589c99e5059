import type { ItemChange } from './item-change.js'
import type { Item } from './item.js'

/** Returns the items after changes; new ones come last. */
export function applyChanges(items: readonly Item[], changes: readonly ItemChange[]): Item[] {
  const byId = new Map(items.map((item) => [item.id, item]))
  for (const { type, item } of changes) {
    if (type === 'removed') byId.delete(item.id)
    else byId.set(item.id, item)
  }
  return [...byId.values()]
}
