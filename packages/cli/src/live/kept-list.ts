import type { Kept } from './live-types.js'

/** Counts the changes of a live model. */
export interface Revisions {
  /** Returns a revision higher than all previous ones. */
  next(): number
}

type Unkept<T extends Kept> = Omit<T, keyof Kept>

/** The most recent items of one kind, oldest first, bounded in number. */
export class KeptList<T extends Kept> {
  readonly #revisions: Revisions
  readonly #max: number
  #items: T[] = []
  #nextKey = 1

  constructor(revisions: Revisions, max: number) {
    this.#revisions = revisions
    this.#max = max
  }

  get items(): readonly T[] {
    return this.#items
  }

  /** Adds an item and returns its key. Drops the oldest if there are too many. */
  add(item: Unkept<T>): number {
    const key = this.#nextKey
    this.#nextKey += 1
    this.#items.push({ ...item, key, revision: this.#revisions.next() } as T)
    // Drops many at a time: moving the rest costs the same for one.
    if (this.#items.length > this.#max * 1.25) this.#items = this.#items.slice(-this.#max)
    return key
  }

  /** Updates an item that is still kept. */
  update(key: number, changes: Partial<Unkept<T>>): void {
    const index = this.#items.findLastIndex((item) => item.key === key)
    const item = this.#items[index]
    if (item === undefined) return
    this.#items[index] = { ...item, ...changes, revision: this.#revisions.next() }
  }

  /** Removes unwanted items. */
  keep(isWanted: (item: T) => boolean): void {
    if (!this.#items.every(isWanted)) this.#items = this.#items.filter(isWanted)
  }

  /** Returns the items added or changed after a revision. */
  since(revision: number): readonly T[] {
    return revision === 0 ? this.#items : this.#items.filter((item) => item.revision > revision)
  }
}
