import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { errorText } from '../base/errors/error-text.js'
import { isInstance } from '../base/errors/is-instance.js'
import type { LockRule } from './options/cli-ops-options.js'
import { EXIT_BUSY } from '../base/errors/exit-codes.js'
import { exitCodeOf } from './host/exit-code-of.js'
import type { Refusal } from './refusal.js'

/**
 * Creates a refusal from the error that kept a lock from being acquired: `skipped` only if the lock is busy and nothing else
 * is wrong.
 */
export function refusalOf(error: unknown, rule?: Partial<LockRule>): Refusal {
  return { reason: isSkipped(error, rule) ? 'skipped' : 'refused', error: toError(error) }
}

/** Joining a run that ended well counts as done, too. */
function isSkipped(error: unknown, rule?: Partial<LockRule>): boolean {
  if (isCliOpsError(error, 'RUN_JOINED')) return exitCodeOf(error) === 0
  return rule?.onBusy === 'skip' && exitCodeOf(error) === EXIT_BUSY
}

function toError(error: unknown): Error {
  // An error of another copy of the kit has a different class.
  if (isInstance(error, Error) || isCliOpsError(error)) return error
  return new TypeError(errorText(error))
}
