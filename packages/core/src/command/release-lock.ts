import { warnOnce } from '../base/terminal/message.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { CommandLock } from './command-lock.js'
import { currentSession } from './current-session.js'
import { loadParts } from './lazy.js'

/**
 * Gives a lock back, at once where the driver can. A failure is a warning: the work is done, and what stays behind is
 * given back when the process ends. Whoever lost it meanwhile is told who took it.
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
