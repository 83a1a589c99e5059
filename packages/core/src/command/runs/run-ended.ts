import { isObject } from '../../base/validation/is-object.js'
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

/**
 * Returns from a batch how the run ended that held the lock with this id. A command tells it with its own last event, whether its rule
 * says `join` or not; that of a killed one has no exit code.
 */
export function exitCodeIn(batch: EventBatch, lock: string): number | undefined {
  for (const { type, data } of batch.events) {
    if (!isObject(data) || lockIn(type, data) !== lock) continue
    const { exitCode } = data
    if (Number.isSafeInteger(exitCode)) return exitCode as number
  }
  return undefined
}

/** Returns the id of the lock whose end an event tells. */
function lockIn(type: string, { lock }: Readonly<Record<string, unknown>>): unknown {
  if (type === TYPE) return lock
  const isCommand = type === 'command:completed' || type === 'command:failed'
  return isCommand && isObject(lock) ? lock['id'] : undefined
}
