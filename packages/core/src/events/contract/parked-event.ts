import type { EventEnvelope } from './event-types.js'

/** An event that a group has set aside: kept in the group's own log until it is retried or dropped. */
export interface ParkedEvent {
  /** The event as stored. */
  readonly event: EventEnvelope
  /** Number of attempts, across all processes, before it was parked. */
  readonly attempts: number
  /** The error of the last attempt, in one line. */
  readonly error: string
  /** RFC 3339. */
  readonly parkedAt: string
  /** True after a retry was requested, until the group's reader has done it. */
  readonly retry: boolean
}
