import type { Cursor, StartPosition } from '../events/contract/event-types.js'

/** A position in the log: right after the event with that epoch and number. */
export interface LogPosition {
  readonly epoch: number
  readonly n: number
}

const CURSOR = /^(\d{1,16})-(\d{1,16})$/u

/** Before the first event of a log that was never written to. */
export const NOWHERE: LogPosition = { epoch: 0, n: 0 }

/** Parses a cursor or the id of an entry; `undefined` for anything else. */
export function parsePosition(text: string): LogPosition | undefined {
  const match = CURSOR.exec(text)
  if (match === null) return undefined
  const [epoch, n] = [Number(match[1]), Number(match[2])]
  return Number.isSafeInteger(epoch) && Number.isSafeInteger(n) ? { epoch, n } : undefined
}

export function toCursor({ epoch, n }: LogPosition): Cursor {
  return `${epoch}-${n}` as Cursor
}

/** Compares two positions for sorting: below, at or above zero. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.epoch - b.epoch || a.n - b.n
}

/**
 * Returns where a reader starts, as far as known without a call to the engine.
 *
 * @param parse parses a cursor of the log; `undefined` for anything else
 * @throws TypeError for an invalid position
 */
export function parseStart<Position>(
  from: StartPosition,
  parse: (cursor: string) => Position | undefined,
): Exclude<StartPosition, Cursor> | Position {
  if (from === 'latest' || from === 'earliest') return from as 'latest' | 'earliest'
  if (from instanceof Date) {
    if (!Number.isNaN(from.getTime())) return from
  } else if (typeof from === 'string') {
    const position = parse(from)
    if (position !== undefined) return position
  }
  throw new TypeError(
    `from must be a cursor of this event log or a valid date, got ${JSON.stringify(String(from))}`,
  )
}
