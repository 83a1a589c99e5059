import type { EventReader } from '../../../packages/core/src/events/contract/event-driver.js'
import type { Cursor } from '../../../packages/core/src/events/contract/event-types.js'
import type { Ghost } from '../engine/world.js'

/** An append that has begun. */
interface Append {
  readonly data: string
  /** How many were acknowledged before it began. */
  readonly after: number
}

/** An acknowledged event, in this order. */
interface Stored {
  readonly data: string
  readonly cursor: Cursor
}

/** What one reader has read. */
interface Reading {
  /** Appends acknowledged when the reader was requested, and appends begun when it was there. */
  readonly acknowledged: number
  readonly begun: number
  /** The data of events, and `GAP`. */
  readonly found: readonly string[]
  readonly isDone: boolean
}

/** What the observer knows of a log. */
export interface EventGhost extends Ghost {
  readonly begun: readonly Append[]
  readonly stored: readonly Stored[]
  readonly readings: Readonly<Record<string, Reading>>
  /** What the group's readers have handled. */
  readonly handled: readonly string[]
}

export const NO_EVENTS: EventGhost = { begun: [], stored: [], readings: {}, handled: [] }

export const GAP = 'gap'

/** Returns what a reader finds now, one batch. */
export function takeBatch(reader: EventReader): { found: string[]; cursor?: Cursor } | undefined {
  const batch = reader.poll()
  if (batch === undefined) return undefined
  const found = batch.gap === undefined ? [] : [GAP]
  for (const { data } of batch.events) found.push(String(data))
  const cursor = batch.events.at(-1)?.cursor
  return { found, ...(cursor !== undefined && { cursor }) }
}

/** Returns everything that a reader finds. */
export function takeAll(reader: EventReader): string[] {
  const all: string[] = []
  for (let batch = takeBatch(reader); batch !== undefined; batch = takeBatch(reader))
    all.push(...batch.found)
  return all
}
