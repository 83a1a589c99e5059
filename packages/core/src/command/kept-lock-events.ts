import { LockHistoryLog } from '../drivers/local/events/lock-history-log.js'
import { nodeFileSystem } from '../drivers/local/home/file-system.js'
import { Home } from '../drivers/local/home/home.js'
import { debug } from '../base/terminal/message.js'
import type { Connection } from '../engine/connection-options.js'
import type { StoredEvent } from '../events/contract/event-types.js'

/** What this machine has kept that tells of locks, oldest first; none where it cannot be read. */
export function keptLockEvents(connection: Connection): readonly StoredEvent[] {
  const { home, namespace } = connection
  try {
    return new LockHistoryLog(new Home(home, namespace, nodeFileSystem)).read()
  } catch (error) {
    debug(() => `the history of locks cannot be read: ${String(error)}`)
    return []
  }
}
