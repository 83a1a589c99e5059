import type { EventEnvelope } from './event-types.js'

/** An event that a group has given up for the time being: kept in the group's own log until it is tried again or dropped. */
export interface ParkedEvent {
  /** The event as it is stored. */
  readonly event: EventEnvelope
  /** How often the group's handler was given it, over all processes, before it was parked. */
  readonly attempts: number
  /** What went wrong at the last attempt, in one line. */
  readonly error: string
  /** RFC 3339. */
  readonly parkedAt: string
  /** True once it was asked to be tried again, until the group's reader has done so. */
  readonly retry: boolean
}
