import { say } from '../diagnostics/message.js'
import { type CliOpsError, isCliOpsError } from '../errors/cli-ops-error.js'
import type { LockManager } from '../locks/lock-manager.js'
import type { Lock } from '../locks/lock-types.js'
import type { LockRule } from './cli-ops-options.js'
import { createWaitLine } from './wait-line.js'

/** Exit code of a command that did not run because its lock was not to be had (EX_TEMPFAIL of sysexits.h). */
export const EXIT_BUSY = 75

/** Why a command does not run. */
export interface Refusal {
  /** `skipped` where the rule says so: the command then counts as done. */
  readonly reason: 'refused' | 'skipped'
  readonly error: CliOpsError
}

/**
 * Takes the lock of a rule: at once where it is free on an embedded driver, else in time, telling the waiting
 * person who holds it. Locks fail closed: whatever keeps the lock from being taken is a refusal. What is
 * neither a lock nor a refusal is thrown, such as a wrong resource name.
 */
export function takeLock(
  locks: LockManager,
  rule: LockRule,
): Lock | Refusal | Promise<Lock | Refusal> {
  const { resource, mode, timeoutMs, onBusy = 'wait' } = rule
  try {
    if (locks.isSynchronous) {
      const lock = locks.tryLockSync(resource, { mode })
      if (lock !== null) return lock
    }
  } catch (error) {
    return refusalOf(error, onBusy)
  }
  const line = createWaitLine()
  return locks
    .lock(resource, { mode, onWait: line.onWait, timeoutMs: onBusy === 'wait' ? timeoutMs : 0 })
    .catch((error: unknown) => refusalOf(error, onBusy))
    .finally(() => {
      line.stop()
    })
}

/** Says on stderr why the command did not run, and sets the exit code where that is a failure. */
export function sayRefusal(refusal: Refusal): void {
  if (refusal.reason === 'skipped') {
    say(`skipped: ${refusal.error.message}`)
    return
  }
  say(refusal.error.message)
  process.exitCode = EXIT_BUSY
}

function refusalOf(error: unknown, onBusy: LockRule['onBusy']): Refusal {
  if (!isCliOpsError(error)) throw error
  const isBusy = error.code === 'LOCK_HELD' || error.code === 'LOCK_TIMEOUT'
  return { reason: isBusy && onBusy === 'skip' ? 'skipped' : 'refused', error }
}
