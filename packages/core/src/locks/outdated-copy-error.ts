import { CliOpsError } from '../base/errors/cli-ops-error.js'

/** The error for a lock that an older copy of the kit asks for beside a newer one, whose locks it cannot see. */
export function outdatedCopyError(): CliOpsError {
  return new CliOpsError(
    'UNSUPPORTED',
    'this copy of @cli-ops/shared-ipc is older than another one in the process and cannot share locks with it; update it',
  )
}
