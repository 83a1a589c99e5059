import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { warnOnce } from '../base/terminal/message.js'
import type { ReleasableLock } from './release-lock.js'

/** Releases a lock that could not be released synchronously: an engine's, or one of a home that has failed. */
export function releaseLater(lock: ReleasableLock, error: unknown): void | Promise<void> {
  if (isCliOpsError(error, 'UNSUPPORTED')) return lock.release().catch(warn)
  warn(error)
}

function warn(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  warnOnce('release-lock', `cannot release a lock yet: ${reason}`)
}
