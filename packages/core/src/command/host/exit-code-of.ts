import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { isAccessDenied } from '../../base/errors/denied-access.js'
import type { ErrorCode } from '../../base/errors/error-codes.js'
import {
  EXIT_BUSY,
  EXIT_CONFIG,
  EXIT_REFUSED,
  EXIT_UNAVAILABLE,
} from '../../base/errors/exit-codes.js'

/** Used after joining a run whose exit code is unknown. */
const EXIT_UNKNOWN = 1

const EXIT_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  LOCK_HELD: EXIT_BUSY,
  LOCK_TIMEOUT: EXIT_BUSY,
  LOCK_SUPERSEDED: EXIT_BUSY,
  FORBIDDEN: EXIT_REFUSED,
  INSECURE_DIRECTORY: EXIT_REFUSED,
  LOCK_DEADLOCK: EXIT_CONFIG,
  UNSUPPORTED: EXIT_CONFIG,
}

/** Errors whose cause is an error of the system or the runtime. */
const OF_SYSTEM: ReadonlySet<ErrorCode> = new Set(['STORAGE_FAILED', 'ENGINE_UNAVAILABLE'])

/**
 * Returns the exit code of a command that does not run because of `error`. Any other error than the kit's is a wrong rule or
 * option.
 */
export function exitCodeOf(error: unknown): number {
  if (!isCliOpsError(error)) return EXIT_CONFIG
  if (OF_SYSTEM.has(error.code) && isAccessDenied(error.cause)) return EXIT_REFUSED
  if (error.code === 'RUN_JOINED') return Number(error.details?.['exitCode'] ?? EXIT_UNKNOWN)
  return EXIT_CODES[error.code] ?? EXIT_UNAVAILABLE
}
