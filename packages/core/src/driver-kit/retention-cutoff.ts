import type { Retention } from '../events/contract/event-driver.js'

/** The moment before which events have expired, as the `time` of an event has it. */
export function retentionCutoff({ retentionMs }: Retention): string {
  return new Date(Math.max(0, Date.now() - retentionMs)).toISOString()
}
