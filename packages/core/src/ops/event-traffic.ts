import type { EventEnvelope } from '../events/contract/event-types.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const MAX_TYPES = 5

/** Figures about the kept events. */
export interface EventTraffic {
  readonly kept: number
  /** Time of the oldest kept event. */
  readonly oldest?: string
  /** Events in the last minute, and in the last hour. */
  readonly lastMinute: number
  readonly lastHour: number
  /** The most frequent types of the last hour. */
  readonly types: readonly { readonly type: string; readonly count: number }[]
}

/** Counts kept events, which come oldest first. */
export function eventTraffic(events: readonly EventEnvelope[], now = Date.now()): EventTraffic {
  const counts = new Map<string, number>()
  let lastMinute = 0
  let lastHour = 0
  for (const { time, type } of events) {
    const ageMs = now - Date.parse(time)
    if (!(ageMs < HOUR_MS)) continue
    lastHour += 1
    if (ageMs < MINUTE_MS) lastMinute += 1
    counts.set(type, (counts.get(type) ?? 0) + 1)
  }
  const oldest = events[0]?.time
  const types = [...counts]
    .map(([type, count]) => ({ type, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_TYPES)
  const counted = { kept: events.length, lastMinute, lastHour, types }
  return oldest === undefined ? counted : { ...counted, oldest }
}
