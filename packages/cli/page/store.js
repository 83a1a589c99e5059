/** @import { Kept, CommandView, EventView, HoldView, QueueView, RequestView } from '../src/live/live-types.js' */
/** @import { PageSnapshot } from './stream.js' */

const MAX_KEPT = 2000

/** What the page knows: the last snapshot, with everything that was kept before. */
export class Store {
  /** @type {PageSnapshot | undefined} */
  now
  /** @type {Map<number, HoldView>} */
  holds = new Map()
  /** @type {Map<number, QueueView>} */
  queues = new Map()
  /** @type {Map<number, EventView>} */
  events = new Map()
  /** @type {Map<number, CommandView>} */
  commands = new Map()
  /** @type {Map<number, RequestView>} */
  requests = new Map()
  /** What to add to the clock of this browser to have the program's. */
  #aheadMs = 0

  /** @param {PageSnapshot} snapshot */
  take(snapshot) {
    const isWhole = snapshot.since === 0
    this.now = snapshot
    this.#aheadMs = snapshot.at - Date.now()
    this.holds = merged(isWhole ? new Map() : this.holds, snapshot.holds)
    this.queues = merged(isWhole ? new Map() : this.queues, snapshot.queues)
    this.events = merged(isWhole ? new Map() : this.events, snapshot.events)
    this.commands = merged(isWhole ? new Map() : this.commands, snapshot.commands)
    this.requests = merged(isWhole ? new Map() : this.requests, snapshot.requests)
  }

  /** The program's clock. */
  get time() {
    return Date.now() + this.#aheadMs
  }
}

/**
 * @template {Kept} T
 * @param {Map<number, T>} kept
 * @param {readonly T[]} items
 */
function merged(kept, items) {
  for (const item of items) kept.set(item.key, item)
  for (const key of kept.keys()) {
    if (kept.size <= MAX_KEPT) break
    kept.delete(key)
  }
  return kept
}
