import { traceparentOf } from '../../base/process/trace-context.js'
import { createEventRecord, type CreatedRecord } from '../../events/contract/event-record.js'
import { defaultSource } from '../../events/contract/event-source.js'
import type { EventBatch } from '../../events/contract/event-driver.js'

const TYPE = 'run:ended'

/** Creates the event that tells how a run ended. */
export function runEndedRecord(resource: string, lock: string, exitCode: number): CreatedRecord {
  return createEventRecord({
    type: TYPE,
    data: { resource, lock, exitCode },
    source: defaultSource(),
    traceparent: traceparentOf(undefined),
  })
}

/** Returns from a batch how the run ended that held the lock with this id. */
export function exitCodeIn(batch: EventBatch, lock: string): number | undefined {
  for (const { type, data } of batch.events) {
    if (type !== TYPE || typeof data !== 'object' || data === null) continue
    const ended = data as Readonly<Record<string, unknown>>
    if (ended['lock'] === lock && Number.isSafeInteger(ended['exitCode']))
      return ended['exitCode'] as number
  }
  return undefined
}
