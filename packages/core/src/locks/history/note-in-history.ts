import { traceparentOf } from '../../base/process/trace-context.js'
import { LockHistoryLog } from '../../drivers/local/events/lock-history-log.js'
import { homeOf } from '../../drivers/local/home/home-of.js'
import type { Connection } from '../../engine/connection-options.js'
import { createEventRecord } from '../../events/contract/event-record.js'
import { defaultSource } from '../../events/contract/event-source.js'

/** Writes a record into the history of locks of this machine. It is no event: nobody is told. Throws where it cannot. */
export function noteInHistory(connection: Connection, type: `lock:${string}`, data: object): void {
  const place = homeOf(connection)
  place.prepare()
  if (!place.isLocal) return
  const source = defaultSource()
  const { json } = createEventRecord({ type, data, source, traceparent: traceparentOf(undefined) })
  new LockHistoryLog(place).append(json)
}
