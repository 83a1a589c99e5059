import { createLogAppender } from '../drivers/local/events/log-appender.js'
import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import { createLocalRegistry } from '../drivers/local/registry/local-registry.js'
import { DEFAULT_RETENTION } from '../events/default-retention.js'
import type { Connection } from '../options/connection-options.js'

/**
 * Removes what dead processes left in the home (locks, tickets, registry records, sockets) and the events that have
 * expired, until the deadline on `monotonicMs()`, unless another process has done so within the interval.
 */
export function cleanUp(
  { home: root, namespace }: Connection,
  intervalMs: number,
  deadline: number,
): void {
  const home = new Home(root, namespace, nodeFileSystem)
  if (!home.claimCleanup(intervalMs)) return
  void createLocalLocks(home).clean({ deadline })
  void createLocalRegistry(home).clean({ deadline })
  if (home.fileSystem.status(home.paths.events) === undefined) return
  const log = createLogAppender(home)
  log.rotateIfOld(DEFAULT_RETENTION)
  log.expire(DEFAULT_RETENTION, false, { deadline })
  log.close()
}
