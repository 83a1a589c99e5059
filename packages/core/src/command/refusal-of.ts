import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import type { LockRule } from './options/cli-ops-options.js'
import { EXIT_BUSY, exitCodeOf } from './host/exit-codes.js'
import type { Refusal } from './refusal.js'

/** Makes a refusal of what kept a lock from being taken: `skipped` only where the lock is busy, and nothing else is wrong. */
export function refusalOf(error: unknown, rule?: Partial<LockRule>): Refusal {
  const reason = rule?.onBusy === 'skip' && exitCodeOf(error) === EXIT_BUSY ? 'skipped' : 'refused'
  return { reason, error: toError(error) }
}

function toError(error: unknown): Error {
  // An error of another copy of the kit is of another class.
  if (error instanceof Error || isCliOpsError(error)) return error
  return new TypeError(String(error))
}
