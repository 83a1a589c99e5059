import type { Connection } from '../engine/connection-options.js'
import type { LockRequest } from './contract/lock-driver.js'
import { HeldLock } from './held-lock.js'
import { lockScope } from './lock-scope.js'
import type { SlotGrant } from './slots/slot-request.js'

/** Turns a grant into a lock for its user; `isForAnother` if the lock is another process's. */
export function toHeldLock(
  connection: Connection,
  { resource, mode }: Pick<LockRequest, 'resource' | 'mode'>,
  grant: SlotGrant,
  isForAnother = false,
): HeldLock {
  return new HeldLock(lockScope(connection), resource, mode, grant, () => undefined, isForAnother)
}
