import type { EmittedEvent } from '@cli-ops/yargs-plugin'

import type { Item } from './item.js'

/** The fields of an item that commands change. `null` removes an optional one. */
export interface ItemChanges {
  readonly name?: string
  readonly project?: string | null
  readonly doneAt?: string | null
}

/** One change of the store, as a command returns it. */
export type ItemChange =
  | { readonly type: 'created'; readonly item: Item }
  | { readonly type: 'updated'; readonly item: Item; readonly changes: ItemChanges }
  | { readonly type: 'removed'; readonly item: Item }

/** Returns the event of a change, for listeners in other CLIs. `item:removed` is this CLI's own type. */
export function eventOf(change: ItemChange): EmittedEvent {
  const { id, name } = change.item
  switch (change.type) {
    case 'created':
      return { type: 'item:created', data: { id, name } }
    case 'updated':
      return { type: 'item:updated', data: { id, changes: change.changes } }
    case 'removed':
      return { type: 'item:removed', data: { id } }
  }
}

/** For `emits`: one event for each change that a handler returned. */
export function eventsOf({ result }: { readonly result: unknown }): EmittedEvent[] {
  return (result as readonly ItemChange[]).map(eventOf)
}

/** Changes an item; `undefined` if it already has the changes. */
export function changeItem(
  item: Item,
  wanted: ItemChanges,
): Extract<ItemChange, { type: 'updated' }> | undefined {
  const current: ReadonlyMap<string, unknown> = new Map(Object.entries(item))
  const real = Object.entries(wanted).filter(
    ([field, value]) => (current.get(field) ?? null) !== value,
  )
  if (real.length === 0) return undefined
  const changes = Object.fromEntries(real) as ItemChanges
  const fields = Object.entries({ ...item, ...changes, updatedAt: new Date().toISOString() })
  const changed = Object.fromEntries(fields.filter(([, value]) => value !== null))
  return { type: 'updated', item: changed as unknown as Item, changes }
}
