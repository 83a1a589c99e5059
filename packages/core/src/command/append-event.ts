import type { EventRecord } from '../events/contract/event-driver.js'
import type { Connection } from '../engine/connection-options.js'
import { companionFor } from './companion/companion-for.js'
import { localDriver } from './local-driver.js'

/**
 * Stores an event before it returns, or has the companion store it. An in-process log has no other readers, so it is
 * skipped.
 */
export function appendEvent(connection: Connection, record: EventRecord): void {
  const url = connection.urlOf('events')
  if (url === 'memory:') return
  if (url === 'local:') localDriver(connection).append(record)
  else companionFor(connection).append(record)
}
