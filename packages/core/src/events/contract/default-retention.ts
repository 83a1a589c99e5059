import type { Retention } from './event-driver.js'

/** What a log keeps where nobody says otherwise: a minute, and longer what a group has not read yet. */
export const DEFAULT_RETENTION: Retention = { retentionMs: 60_000, maxBytes: 64 * 1024 * 1024 }
