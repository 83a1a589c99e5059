import { CliOpsError } from '../base/errors/cli-ops-error.js'
import { isOutdatedCopy } from '../base/process/process-state.js'

/** Throws in a copy of the kit that requests a lock next to a newer copy, whose locks it cannot see. */
export function assertCurrentCopy(): void {
  if (!isOutdatedCopy()) return
  throw new CliOpsError(
    'UNSUPPORTED',
    'this copy of @cli-ops/shared-ipc is older than another one in the process and cannot share locks with it; update it',
  )
}
