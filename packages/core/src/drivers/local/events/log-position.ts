import { describe } from '../../../base/names/assert-name.js'
import type { Cursor } from '../../../events/contract/event-types.js'

/** A place between two records of the log. */
export interface LogPosition {
  readonly segment: number
  /** Bytes from the start of the segment. */
  readonly offset: number
}

/** Returns a position as the cursor that callers store. */
export function toCursor({ segment, offset }: LogPosition): Cursor {
  return `${segment}:${offset}` as Cursor
}

/** Parses a cursor of this log; returns `undefined` for anything else. */
export function fromCursor(cursor: string): LogPosition | undefined {
  const match = /^([1-9]\d{0,14}):(0|[1-9]\d{0,14})$/u.exec(cursor)
  return match === null ? undefined : { segment: Number(match[1]), offset: Number(match[2]) }
}

/** Like {@link fromCursor}. @throws TypeError naming the argument, the rule and the value */
export function parseCursor(argument: string, cursor: unknown): LogPosition {
  const position = typeof cursor === 'string' ? fromCursor(cursor) : undefined
  if (position !== undefined) return position
  throw new TypeError(`${argument} must be a cursor of this event log, got ${describe(cursor)}`)
}
