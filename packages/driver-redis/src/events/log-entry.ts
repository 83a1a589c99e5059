import type { EventEnvelope, EventGap, StoredEvent } from '@cli-ops/shared-ipc/driver'

import { type LogPosition, parsePosition, toCursor } from './log-position.js'

/** An event as it stands in the stream. */
export interface LogEntry {
  readonly position: LogPosition
  readonly json: string
  /** For the first event of an epoch: the end of the log that it follows, `none` where there was none. */
  readonly origin: string | undefined
}

/** Reads an entry of `XRANGE`. Undefined for one that is none of the kit's. */
export function parseEntry([id, fields]: readonly [string, readonly string[]]):
  LogEntry | undefined {
  const position = parsePosition(id)
  const values = new Map<string, string>()
  for (let at = 0; at + 1 < fields.length; at += 2)
    values.set(fields[at] ?? '', fields[at + 1] ?? '')
  const json = values.get('j')
  if (position === undefined || json === undefined) return undefined
  return { position, json, origin: values.get('o') }
}

/** Makes the event that readers are given. */
export function toEvent({ position, json }: Pick<LogEntry, 'position' | 'json'>): EventEnvelope {
  return Object.assign(JSON.parse(json) as StoredEvent, { cursor: toCursor(position) })
}

/**
 * What a reader at a position has missed where this entry comes next. Numbers go on over a restart, so that a hole in them is
 * what was lost; where the log itself was lost and began anew, nobody can count.
 */
export function gapBefore(from: LogPosition, { position, origin }: LogEntry): EventGap | undefined {
  const { epoch, n } = position
  const resumeAt = toCursor({ epoch, n: n - 1 })
  const gap = { expected: toCursor(from), resumeAt }
  const missed = n - from.n - 1
  if (from.epoch === epoch) return missed > 0 ? { ...gap, missed } : undefined
  // Who began on an empty log has missed nothing before its first event.
  if (from.epoch === 0) return origin === undefined ? gap : undefined
  const follows = origin === undefined ? undefined : parsePosition(origin)
  if (follows?.epoch === from.epoch) return missed > 0 ? { ...gap, missed } : undefined
  return missed > 0 ? { ...gap, missed } : gap
}
