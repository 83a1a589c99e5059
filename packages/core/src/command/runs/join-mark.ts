import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { openDriver } from '../../engine/open-driver.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import type { LockDriver, LockGrant } from '../../locks/contract/lock-driver.js'
import { locksOfFlow } from '../../locks/lock-flow.js'
import { waitingAncestors } from '../../base/process/ancestors.js'
import { joinMarkName } from '../../locks/contract/slot-name.js'
import { shareMark } from './share-mark.js'
import { type Steps, value } from './steps.js'

/**
 * Marks this process as one that waits for the end of a run, so that the run tells how it ended, whatever its own rule says. Like a lock,
 * the mark ends with the process. A search for a deadlock finds this wait by it. Without it, a run that does not tell anyway ends unknown.
 */
export function* markJoining(
  locks: Pick<LockDriver, 'tryAcquire' | 'tryAcquireSync'>,
  resource: string,
): Steps<LockGrant | undefined> {
  try {
    return yield* shareMark(locks, joinMarkName(resource), {
      held: locksOfFlow().map(({ id }) => id),
      ancestors: waitingAncestors(),
    })
  } catch (error) {
    if (!isCliOpsError(error)) throw error
    return undefined
  }
}

/** Removes the mark. If that fails, its lease ends it. */
export function* unmarkJoining(mark: LockGrant | undefined): Steps<void> {
  if (mark?.releaseSync !== undefined) mark.releaseSync()
  else if (mark !== undefined) yield* value(Promise.resolve(mark.release()).catch(() => undefined))
}

/** Returns whether another process waits for the end of the run that holds a resource. An engine that is away knows of none. */
export async function isJoined(connection: ConnectionOptions, resource: string): Promise<boolean> {
  const handle = openDriver(connection, 'locks')
  try {
    const { locks } = await handle.open()
    return ((await locks.inspect(joinMarkName(resource)))?.holders.length ?? 0) > 0
  } catch (error) {
    if (!isCliOpsError(error)) throw error
    return false
  } finally {
    await handle.close()
  }
}
