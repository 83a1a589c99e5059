import type { CliOpsError } from '../../base/errors/cli-ops-error.js'
import { homeOf } from '../../drivers/local/home/home-of.js'
import { findDeadlock } from '../../drivers/local/locks/deadlock.js'
import { LockContext } from '../../drivers/local/locks/lock-context.js'
import { realSurroundings } from '../../drivers/local/locks/real-surroundings.js'
import { type ConnectionOptions, resolveConnection } from '../../engine/connection-options.js'
import { createLockRequest } from '../../locks/lock-request.js'

/** Orders itself behind every ticket, so that of those in a cycle, who waits outside the queue gives up. */
const OUTSIDE_QUEUE = '\uffff'

/** Tells why waiting for whoever has a lock would never end; undefined where it may. */
export type FindDeadlock = () => CliOpsError | undefined

/**
 * Looks for those who wait for this very flow, or for the end of this process, among the holders of a lock. A wait in the queue finds them by
 * itself; a run that joins another one stands in none, and one that replaces must not end what it was begun by. Engines have no process table
 * to look into.
 */
export function deadlockFinder(options: ConnectionOptions, resource: string): FindDeadlock {
  const connection = resolveConnection(options)
  if (connection.urlOf('locks') !== 'local:') return () => undefined
  const home = homeOf(connection)
  const context = new LockContext(home, realSurroundings(home))
  const request = createLockRequest(resource, { inFlow: true })
  const outside = { name: OUTSIDE_QUEUE, path: '', content: '', paths: context.of(resource) }
  return () => findDeadlock(context, request, outside, { ancestors: true })
}
