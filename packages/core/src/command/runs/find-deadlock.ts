import type { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { homeOf } from '../../drivers/local/home/home-of.js'
import { findDeadlock } from '../../drivers/local/locks/deadlock.js'
import { LockContext } from '../../drivers/local/locks/lock-context.js'
import { outsideQueue } from '../../drivers/local/locks/other-waiters.js'
import { realSurroundings } from '../../drivers/local/locks/real-surroundings.js'
import { type ConnectionOptions, resolveConnection } from '../../engine/connection-options.js'
import type { Holder } from '../../locks/contract/lock-types.js'
import { ancestorDeadlockError } from '../../locks/lock-errors.js'
import { createLockRequest } from '../../locks/lock-request.js'
import { isAroundThis } from '../../locks/wait-within.js'

/** Returns the reason why waiting for this holder of the lock would never end; undefined if it can end. */
export type FindDeadlock = (holder: Holder) => CliOpsError | undefined

/**
 * Searches the holders of a lock for processes that wait for this flow, or for the end of this process. A queued wait finds them on its own.
 * A run that joins another is in no queue, and a run that replaces must not end the process that started it. On an engine, only that process is
 * recognised.
 */
export function deadlockFinder(options: ConnectionOptions, resource: string): FindDeadlock {
  const connection = resolveConnection(options)
  if (connection.urlOf('locks') !== 'local:')
    return (holder) => (isAroundThis(holder) ? ancestorDeadlockError(resource, holder) : undefined)
  const home = homeOf(connection)
  const context = new LockContext(home, realSurroundings(home))
  const request = createLockRequest(resource, { inFlow: true })
  const outside = outsideQueue(context, context.of(resource))
  return () => findDeadlock(context, request, outside, { ancestors: true })
}
