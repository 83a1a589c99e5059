import type { LockRequest } from './contract/lock-driver.js'
import { nextLockId } from './contract/lock-id.js'
import type { LockOptions } from './contract/lock-types.js'
import { locksOfFlow } from './lock-flow.js'

/** Creates the running flow's request to a driver. */
export function createLockRequest(
  resource: string,
  { mode = 'exclusive', inFlow, label }: Pick<LockOptions, 'mode' | 'inFlow' | 'label'>,
): LockRequest {
  const held = locksOfFlow().map(({ id }) => id)
  return { resource, mode, id: nextLockId(), held, inFlow, label }
}
