import { CliOpsError } from './cli-ops-error.js'

/** The error for a call on a closed object: `the reader` was closed. */
export function closedError(what: string): CliOpsError {
  return new CliOpsError('CLOSED', `${what} was closed`)
}
