import { createLogAppender } from '../drivers/local/events/log-appender.js'
import type { Home } from '../drivers/local/home.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import { createLocalRegistry } from '../drivers/local/registry/local-registry.js'
import { DEFAULT_RETENTION } from '../events/default-retention.js'

/**
 * Removes what dead processes left in the home (locks, tickets, registry records, sockets) and the events that have
 * expired, until the deadline on `monotonicMs()`. One command a minute does this for all.
 */
export function cleanUp(home: Home, deadline: number): void {
  void createLocalLocks(home).clean({ deadline })
  void createLocalRegistry(home).clean({ deadline })
  if (home.fileSystem.status(home.paths.events) === undefined) return
  createLogAppender(home).expire(DEFAULT_RETENTION, false, { deadline })
}
