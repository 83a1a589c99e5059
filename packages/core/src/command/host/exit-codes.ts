import { isCliOpsError } from '../../base/errors/cli-ops-error.js'
import { isAccessDenied } from '../../base/errors/denied-access.js'
import type { ErrorCode } from '../../base/errors/error-codes.js'

// The exit codes of a command that did not run, or lost its lock, with the names and numbers of sysexits.h.

/** `EX_TEMPFAIL`: its lock is busy, and nothing else is wrong. */
export const EXIT_BUSY = 75
/** `EX_UNAVAILABLE`: the engine or the home cannot be used. */
export const EXIT_UNAVAILABLE = 69
/** `EX_PROTOCOL`: `cli-ops run` lost its lock while the program ran. */
export const EXIT_LOST = 76
/** `EX_NOPERM`: the engine or the home denies access. */
export const EXIT_REFUSED = 77
/** `EX_CONFIG`: a rule, URL or option is wrong. */
export const EXIT_CONFIG = 78
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
