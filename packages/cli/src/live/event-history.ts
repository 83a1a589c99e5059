import type { EventEnvelope } from '@cli-ops/shared-ipc'

import { KeptList, type Revisions } from './kept-list.js'
import type { EventRates, EventView } from './live-types.js'

const MAX_KEPT = 500
const MAX_DATA_LENGTH = 500
const MAX_NAME_LENGTH = 200
const SECONDS = 60

/** The most recent events, and the number of events in each of the last seconds. */
export class EventHistory {
  readonly events: KeptList<EventView>
  /** Counts by second of the clock, at its number modulo the length. */
  readonly #counts = Array.from({ length: SECONDS }, () => ({ second: 0, count: 0 }))
  #seen = 0

  constructor(revisions: Revisions) {
    this.events = new KeptList(revisions, MAX_KEPT)
  }

  add({ type, source, time, data }: EventEnvelope, now: number): void {
    const told = Date.parse(time)
    // The time is the emitter's claim.
    const at = Number.isNaN(told) ? now : Math.min(told, now)
    this.#seen += 1
    this.#count(Math.floor(at / 1000))
    this.events.add({
      at,
      type: shortened(type, MAX_NAME_LENGTH),
      source: shortened(source, MAX_NAME_LENGTH),
      data: shortened(JSON.stringify(data) ?? '', MAX_DATA_LENGTH),
    })
  }

  rates(now: number): EventRates {
    const last = Math.floor(now / 1000)
    const perSecond = Array.from({ length: SECONDS }, (_, index) => {
      const second = last - SECONDS + 1 + index
      const slot = this.#counts[second % SECONDS]
      return slot?.second === second ? slot.count : 0
    })
    return { perSecond, seen: this.#seen }
  }

  #count(second: number): void {
    const slot = this.#counts[second % SECONDS]
    if (slot === undefined || second < slot.second) return
    if (second > slot.second) Object.assign(slot, { second, count: 0 })
    slot.count += 1
  }
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`
}
