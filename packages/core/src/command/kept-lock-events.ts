import { LockHistoryLog } from '../drivers/local/events/lock-history-log.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { debug } from '../base/terminal/message.js'
import type { Connection } from '../engine/connection-options.js'
import type { StoredEvent } from '../events/contract/event-types.js'

/** Returns this machine's kept events about locks, oldest first; none if they cannot be read. */
export function keptLockEvents(connection: Connection): readonly StoredEvent[] {
  try {
    return new LockHistoryLog(homeOf(connection)).read()
  } catch (error) {
    debug(() => `the history of locks cannot be read: ${String(error)}`)
    return []
  }
}
