import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { homeOf } from '../drivers/local/home/home-of.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import type { Connection } from '../engine/connection-options.js'
import { joinMarkName } from '../locks/contract/slot-name.js'
import { atOnce } from '../locks/slots/try-slots.js'

/**
 * Returns whether another process waits for the end of the run that holds a resource of this machine, before it returns. A home that
 * cannot be read knows of none: the run has ended, and its exit code must not change.
 */
export function isJoinedHere(connection: Connection, resource: string): boolean {
  try {
    const info = atOnce(createLocalLocks(homeOf(connection)).inspect(joinMarkName(resource)))
    return (info?.holders.length ?? 0) > 0
  } catch (error) {
    if (!isCliOpsError(error)) throw error
    return false
  }
}
