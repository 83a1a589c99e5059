import type { Retention } from '../events/contract/event-driver.js'

/** Returns the time before which events have expired, in the format of an event's `time`. */
export function retentionCutoff({ retentionMs }: Retention): string {
  return new Date(Math.max(0, Date.now() - retentionMs)).toISOString()
}
