import { traceparentOf } from '../../base/process/trace-context.js'
import { LockHistoryLog } from '../../drivers/local/events/lock-history-log.js'
import { nodeFileSystem } from '../../drivers/local/home/file-system.js'
import { Home } from '../../drivers/local/home/home.js'
import type { Connection } from '../../engine/connection-options.js'
import { createEventRecord } from '../../events/contract/event-record.js'
import { defaultSource } from '../../events/contract/event-source.js'

/** Writes a record into the history of locks of this machine. It is no event: nobody is told. Throws where it cannot. */
export function noteInHistory(
  { home, namespace }: Connection,
  type: `lock:${string}`,
  data: object,
): void {
  const place = new Home(home, namespace, nodeFileSystem)
  place.prepare()
  if (!place.isLocal) return
  const source = defaultSource()
  const { json } = createEventRecord({ type, data, source, traceparent: traceparentOf(undefined) })
  new LockHistoryLog(place).append(json)
}
