import { warnOnce } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { CommandLock } from './command-lock.js'
import { currentSession } from './current-session.js'
import { loadParts } from './lazy.js'

/**
 * Releases a lock, synchronously if the driver can. A failure is only a warning: the work is done, and the end of the
 * process releases the rest. If the lock was lost meanwhile, it reports who took it.
 */
export function releaseLock(lock: CommandLock): void | Promise<void> {
  try {
    lock.releaseSync()
    if (lock.wasGone) loadParts().tellLoss(currentSession()?.connection ?? {}, lock)
    return undefined
  } catch (error) {
    if (isCliOpsError(error, 'UNSUPPORTED')) return lock.release().catch(warn)
    warn(error)
    return
  }
}

function warn(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  warnOnce('release-lock', `cannot release a lock yet: ${reason}`)
}
