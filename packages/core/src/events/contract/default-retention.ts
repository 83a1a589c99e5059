import type { Retention } from './event-driver.js'

/** The default retention of a log: one minute, and longer for events that a group has not read yet. */
export const DEFAULT_RETENTION: Retention = { retentionMs: 60_000, maxBytes: 64 * 1024 * 1024 }
