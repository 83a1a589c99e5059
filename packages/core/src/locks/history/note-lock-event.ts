import { traceparentOf } from '../../base/process/trace-context.js'
import { debug } from '../../base/terminal/message.js'
import { type ConnectionOptions, resolveConnection } from '../../engine/connection-options.js'
import { openDriver } from '../../engine/open-driver.js'
import { noteInHistory } from './note-in-history.js'
import { DEFAULT_RETENTION } from '../../events/contract/default-retention.js'
import { createEventRecord } from '../../events/contract/event-record.js'
import { defaultSource } from '../../events/contract/event-source.js'
import type { StandardEvents } from '../../events/standard-events.js'

/**
 * Records a lock event. If events are kept on this machine, it goes into the lock history, where subscribers do not see it. On an
 * engine it is emitted as an event, for the other machines. Never rejects: a lock does not depend on its history.
 */
export async function noteLockEvent(
  options: ConnectionOptions,
  type: 'lock:forced',
  data: StandardEvents['lock:forced'],
): Promise<void> {
  try {
    const connection = resolveConnection(options)
    if (connection.urlOf('events') === 'local:') {
      noteInHistory(connection, type, data)
      return
    }
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
