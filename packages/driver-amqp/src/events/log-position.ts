import { createHash } from 'node:crypto'

import type { Cursor } from '@cli-ops/shared-ipc/driver'

/** A position in the log: just after the record with that offset. */
export interface LogPosition {
  /** -1 before the first record. */
  readonly offset: number
  /** Digest of the record's id: a log that lost its end, or was recreated, has another record there. */
  readonly check?: string | undefined
}

const CURSOR = /^(-1|\d{1,16})(?:-([0-9a-f]{8}))?$/u

/** Before the first record of a log. */
export const BEGINNING: LogPosition = { offset: -1 }

/** Parses a cursor; `undefined` for anything else. */
export function parsePosition(text: string): LogPosition | undefined {
  const match = CURSOR.exec(text)
  if (match === null) return undefined
  const offset = Number(match[1])
  return Number.isSafeInteger(offset) ? { offset, check: match[2] } : undefined
}

export function toCursor({ offset, check }: LogPosition): Cursor {
  return (check === undefined ? String(offset) : `${offset}-${check}`) as Cursor
}

/** Returns the position just after a record. */
export function positionOf({ offset, id }: { readonly offset: number; readonly id: string }): {
  readonly offset: number
  readonly check: string
} {
  return { offset, check: createHash('sha1').update(id).digest('hex').slice(0, 8) }
}
