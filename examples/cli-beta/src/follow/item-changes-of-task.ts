import type { EventEnvelope } from '@cli-ops/shared-ipc'

import { changeItem, type ItemChange, type ItemChanges } from '../items/item-change.js'
import type { Item } from '../items/item.js'
import { newItem } from '../items/new-item.js'

/**
 * Returns what an event of cli-alpha means for the items: one change or none. The event comes from another program, so
 * every field is checked before it is used, and an invalid event changes nothing.
 */
export function itemChangesOfTask(
  items: readonly Item[],
  { type, data }: Pick<EventEnvelope, 'type' | 'data'>,
): ItemChange[] {
  const { id, title, changes } = (data ?? {}) as Readonly<Record<string, unknown>>
  if (!isText(id)) return []
  const item = items.find(({ task }) => task === id)
  switch (type) {
    case 'task:created':
      if (item !== undefined) return []
      return [
        {
          type: 'created',
          item: newItem(items, { name: isText(title) ? title : `task ${id}`, task: id }),
        },
      ]
    case 'task:updated':
      // A task from before the first follow has no item to update.
      return item === undefined ? [] : [changeItem(item, itemChanges(changes)) ?? []].flat()
    case 'task:deleted':
      return item === undefined ? [] : [{ type: 'removed', item }]
    default:
      return []
  }
}

/** Returns the part of a task's changes that applies to an item, too. */
function itemChanges(changes: unknown): ItemChanges {
  const { title, doneAt } = (changes ?? {}) as Readonly<Record<string, unknown>>
  const isTime = typeof doneAt === 'string' && !Number.isNaN(Date.parse(doneAt))
  return {
    ...(isText(title) ? { name: title } : {}),
    ...(isTime || doneAt === null ? { doneAt } : {}),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
