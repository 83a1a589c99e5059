import type { EventEnvelope, EventGap, StoredEvent } from '../events/contract/event-types.js'
import { parseJson } from '../base/validation/parse-json.js'
import { comparePositions, type LogPosition, NOWHERE, toCursor } from './log-position.js'
import type { LogSlice } from './polled-reader.js'

/** An event in a log whose positions are dense within an epoch. */
export interface LogEntry {
  readonly position: LogPosition
  readonly json: string
  /** For the first event of an epoch: the end of the log that it follows, `NOWHERE` if there was none. */
  readonly origin: LogPosition | undefined
  /** Events might have been stored after that end and lost with their server, so the number of missed ones is unknown. */
  readonly mayMissMore?: boolean
}

/** Creates the event that readers get. */
export function toEvent({ position, json }: Pick<LogEntry, 'position' | 'json'>): EventEnvelope {
  return Object.assign(parseJson(json) as StoredEvent, { cursor: toCursor(position) })
}

/** Splits fetched entries into slices wherever events are missing. */
export function toSlices(from: LogPosition, entries: readonly LogEntry[]): LogSlice<LogPosition>[] {
  const slices: LogSlice<LogPosition>[] = []
  let position = from
  let events: EventEnvelope[] = []
  let gap: EventGap | undefined
  for (const entry of entries) {
    const missed = gapBefore(position, entry)
    if (missed !== undefined) {
      if (gap !== undefined || events.length > 0) slices.push({ gap, events, position })
      gap = missed
      events = []
    }
    events.push(toEvent(entry))
    position = entry.position
  }
  slices.push({ gap, events, position })
  return slices
}

/**
 * Returns what a reader at a position has missed if this entry comes next. Numbers continue across a restart, so a hole in them is the
 * number of lost events. If the log itself was lost and restarted, the number is unknown.
 */
function gapBefore(
  from: LogPosition,
  { position, origin, mayMissMore = false }: LogEntry,
): EventGap | undefined {
  const { epoch, n } = position
  const resumeAt = toCursor({ epoch, n: n - 1 })
  const gap = { expected: toCursor(from), resumeAt }
  const missed = n - from.n - 1
  if (from.epoch === epoch) return missed > 0 ? { ...gap, missed } : undefined
  // A reader that started on an empty log has missed nothing before its first event.
  if (from.epoch === 0) return origin === undefined ? gap : undefined
  if (mayMissMore) return gap
  if (origin?.epoch === from.epoch) return missed > 0 ? { ...gap, missed } : undefined
  return missed > 0 ? { ...gap, missed } : gap
}

/**
 * Returns the slices for a reader for which a fetch found nothing. A position after the end of the log belongs to another log, or to
 * one that has lost its end: a gap of unknown size, then the log from its beginning.
 *
 * @param mayContinue the log has lost its end and continues in a new epoch, whose first event shows what is missing
 */
export function slicesBehindEnd(
  from: LogPosition,
  end: LogPosition,
  mayContinue: boolean,
): { readonly slices: LogSlice<LogPosition>[]; readonly isMore: boolean } {
  if (comparePositions(from, end) <= 0 || (from.epoch === end.epoch && mayContinue))
    return { slices: [], isMore: false }
  const gap = { expected: toCursor(from), resumeAt: toCursor(NOWHERE) }
  return { slices: [{ gap, events: [], position: NOWHERE }], isMore: true }
}
