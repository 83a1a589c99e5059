import type { CliOpsError } from './cli-ops-error.js'
import type { ErrorCode } from './error-codes.js'

/** Marks the errors of every copy of the kit. */
export const BRAND = Symbol.for('cli-ops.error')

/** Returns whether a value is a {@link CliOpsError}, including one created by another copy of the kit. Never throws. */
export function isCliOpsError(value: unknown, code?: ErrorCode): value is CliOpsError {
  if (typeof value !== 'object' || value === null) return false
  try {
    return (
      BRAND in value && (code === undefined || (value as { readonly code?: unknown }).code === code)
    )
  } catch {
    // A proxy that throws on access.
    return false
  }
}
