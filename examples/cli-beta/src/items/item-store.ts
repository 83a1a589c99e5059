import { badData, dataFile, entriesOf, readJson, writeAtomically } from '@cli-ops/example-base'

import { type Item, whyNotItem } from './item.js'

/** The lock that guards the store. Hold it from loading items to saving them. */
export const ITEMS = 'items'

/** Identifies one event among all: it tells a repeated delivery from a new event. */
export interface EventKey {
  readonly source: string
  readonly id: string
}

/** What the file holds besides its version. */
export interface StoredItems {
  readonly items: readonly Item[]
  /** The last event of cli-alpha that the items reflect. */
  readonly followed?: EventKey
}

/** Loads the store; an empty one if there is none. Reading alone needs no lock: the file is replaced as a whole. */
export function loadStore(path = dataFile('cli-beta', 'items.json')): StoredItems {
  const stored = readJson(path)
  if (stored === undefined) return { items: [] }
  const items = entriesOf<Item>(stored, path, { noun: 'item', whyNot: whyNotItem })
  const { followed } = stored as { readonly followed?: unknown }
  if (followed === undefined) return { items }
  if (!isEventKey(followed)) throw badData(path, '"followed" names no event')
  return { items, followed }
}

export function loadItems(): readonly Item[] {
  return loadStore().items
}

/** Replaces the store. The caller holds {@link ITEMS}. */
export function saveStore({ items, followed }: StoredItems): void {
  const content = JSON.stringify({ version: 1, items, followed }, null, 2)
  writeAtomically(dataFile('cli-beta', 'items.json'), `${content}\n`)
}

function isEventKey(value: unknown): value is EventKey {
  const { source, id } = (value ?? {}) as Partial<Record<keyof EventKey, unknown>>
  return typeof source === 'string' && typeof id === 'string'
}
