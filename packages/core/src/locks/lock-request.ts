import type { LockRequest } from './contract/lock-driver.js'
import type { LockOptions } from './contract/lock-types.js'
import { assertCurrentCopy } from './current-copy.js'
import { requestOfFlow } from './request-of-flow.js'

/**
 * Creates the running flow's request to a driver. Every acquisition passes here: a copy of the kit that cannot see the locks of other
 * copies must not take any.
 *
 * @throws CliOpsError `UNSUPPORTED` in an outdated copy
 */
export function createLockRequest(
  resource: string,
  options: Pick<LockOptions, 'mode' | 'inFlow' | 'label'>,
): LockRequest {
  assertCurrentCopy()
  return requestOfFlow(resource, options)
}
