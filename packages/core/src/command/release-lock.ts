import { warnOnce } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { Lock } from '../locks/contract/lock-types.js'

/**
 * Gives a lock back, at once where the driver can. A failure is a warning: the work is done, and what stays behind is
 * given back when the process ends.
 */
export function releaseLock(lock: Lock): void | Promise<void> {
  try {
    lock.releaseSync()
    return undefined
  } catch (error) {
    if (isCliOpsError(error, 'UNSUPPORTED')) return lock.release().catch(warn)
    warn(error)
    return
  }
}

function warn(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  warnOnce('release-lock', `cannot give a lock back yet: ${reason}`)
}
