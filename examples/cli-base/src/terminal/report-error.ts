import { isCliOpsError } from '@cli-ops/shared-ipc'

import { UserError } from '../user-error.js'
import { note } from './print.js'
import { printable } from './printable.js'

/** EX_TEMPFAIL of sysexits.h: the same command might succeed later. */
const EXIT_BUSY = 75

/** Returns the exit code of a command that failed with this error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UserError) return error.exitCode
  return isCliOpsError(error) && error.retryable ? EXIT_BUSY : 1
}

/** Shows why a CLI's command failed and sets the exit code; only a bug in the program keeps its stack. */
export function reportError(cli: string, error: unknown): void {
  if (error instanceof UserError || isCliOpsError(error)) {
    note(printable(`${cli}: ${error.message}`))
  } else {
    note(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  process.exitCode = exitCodeOf(error)
}
