import type { Cursor } from '@cli-ops/shared-ipc/driver'

/** A place in the log: right behind the event of that epoch and number. */
export interface LogPosition {
  readonly epoch: number
  readonly n: number
}

const CURSOR = /^(\d{1,16})-(\d{1,16})$/u

/** Before the first event of a log that has never been written to. */
export const NOWHERE: LogPosition = { epoch: 0, n: 0 }

/** Reads a cursor, or the id of an entry; `undefined` for anything else. */
export function parsePosition(text: string): LogPosition | undefined {
  const match = CURSOR.exec(text)
  if (match === null) return undefined
  const [epoch, n] = [Number(match[1]), Number(match[2])]
  return Number.isSafeInteger(epoch) && Number.isSafeInteger(n) ? { epoch, n } : undefined
}

export function toCursor({ epoch, n }: LogPosition): Cursor {
  return `${epoch}-${n}` as Cursor
}

/** Below, at or above zero, as for sorting. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.epoch - b.epoch || a.n - b.n
}
