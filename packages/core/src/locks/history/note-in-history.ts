import { traceparentOf } from '../../base/process/trace-context.js'
import { LockHistoryLog } from '../../drivers/local/events/lock-history-log.js'
import { homeOf } from '../../drivers/local/home/home-of.js'
import type { Connection } from '../../engine/connection-options.js'
import { createEventRecord } from '../../events/contract/event-record.js'
import { defaultSource } from '../../events/contract/event-source.js'

/** Writes a record to this machine's lock history. It is not an event: no subscriber gets it. Throws on failure. */
export function noteInHistory(connection: Connection, type: `lock:${string}`, data: object): void {
  const place = homeOf(connection)
  place.prepare()
  if (!place.isLocal) return
  const source = defaultSource()
  const { json } = createEventRecord({ type, data, source, traceparent: traceparentOf(undefined) })
  new LockHistoryLog(place).append(json)
}
