import type { LockRequest } from './contract/lock-driver.js'
import { nextLockId } from './contract/lock-id.js'
import type { LockOptions } from './contract/lock-types.js'
import { locksOfFlow } from './lock-flow.js'

/** Returns the running flow's request, with the locks that it holds already. */
export function requestOfFlow(
  resource: string,
  { mode = 'exclusive', inFlow, label }: Pick<LockOptions, 'mode' | 'inFlow' | 'label'>,
): LockRequest {
  const held = locksOfFlow().map(({ id }) => id)
  return { resource, mode, id: nextLockId(), held, inFlow, label }
}
