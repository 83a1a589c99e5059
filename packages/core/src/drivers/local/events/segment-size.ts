import type { Retention } from '../../../events/contract/event-driver.js'

/** A log is kept in about this many segments, so that only a small part expires at a time. */
const SEGMENTS_PER_LOG = 16
const MIN_SEGMENT_BYTES = 4 * 1024
const MAX_SEGMENT_BYTES = 16 * 1024 * 1024

/** Returns the size at which a segment is full. */
export function fullAt({ maxBytes }: Retention): number {
  const share = Math.floor(maxBytes / SEGMENTS_PER_LOG)
  return Math.min(Math.max(share, MIN_SEGMENT_BYTES), MAX_SEGMENT_BYTES)
}
