import { traceparentOf } from '../../base/process/trace-context.js'
import { debug } from '../../base/terminal/message.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import { openDriver } from '../../engine/open-driver.js'
import { DEFAULT_RETENTION } from '../../events/contract/default-retention.js'
import { createEventRecord } from '../../events/contract/event-record.js'
import { defaultSource } from '../../events/contract/event-source.js'
import type { StandardEvents } from '../../events/standard-events.js'

/** The events that a history of locks is made of, besides the last ones of commands. */
export type LockEventType = Extract<keyof StandardEvents, `lock:${string}`>

/**
 * Stores an event about a lock where the events of these options are kept. Never rejects: a lock does not depend on what is told of it.
 */
export async function noteLockEvent<Type extends LockEventType>(
  options: ConnectionOptions,
  type: Type,
  data: StandardEvents[Type],
): Promise<void> {
  try {
    const handle = openDriver(options, 'events')
    try {
      const { events } = await handle.open()
      const parts = { type, data, source: defaultSource(), traceparent: traceparentOf(undefined) }
      await events.append([createEventRecord(parts)], {
        retention: DEFAULT_RETENTION,
        durable: false,
      })
    } finally {
      await handle.close()
    }
  } catch (error) {
    debug(() => `${type} was not stored: ${String(error)}`)
  }
}
