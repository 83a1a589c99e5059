import { type EventEnvelope, useOps } from '@cli-ops/shared-ipc'

import { applyChanges } from '../items/apply-changes.js'
import type { ItemChange } from '../items/item-change.js'
import { type EventKey, ITEMS, loadStore, saveStore } from '../items/item-store.js'
import { itemChangesOfTask } from './item-changes-of-task.js'

/**
 * Applies an event of cli-alpha to the items exactly once: the group delivers at least once, and after a crash the last
 * event comes again. The store names the last event it contains, written together with the items, so a repeated event
 * is recognised.
 */
export async function followTask(
  event: Pick<EventEnvelope, 'source' | 'id' | 'type' | 'data'>,
): Promise<ItemChange[]> {
  return useOps().locks.acquire(ITEMS, () => {
    const store = loadStore()
    if (isSame(store.followed, event)) return []
    const changes = itemChangesOfTask(store.items, event)
    const { source, id } = event
    saveStore({ items: applyChanges(store.items, changes), followed: { source, id } })
    return changes
  })
}

function isSame(known: EventKey | undefined, { source, id }: EventKey): boolean {
  return known?.source === source && known.id === id
}
