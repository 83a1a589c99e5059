import type { LockDriver, LockGrant, LockRequest } from '../drivers/lock-driver.js'
import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import { HeldLock } from '../locks/held-lock.js'
import { locksOfFlow } from '../locks/lock-flow.js'
import { nextLockId } from '../locks/lock-id.js'
import type { Lock } from '../locks/lock-types.js'
import type { Connection } from '../options/connection-options.js'
import type { LockRule } from './cli-ops-options.js'

/** Takes a lock of the local driver where it is free, before it returns; `null` where it is not. */
export function tryLockNow(connection: Connection, rule: LockRule): Lock | null {
  const driver = localLocks(connection)
  const grant = driver.tryAcquireSync?.(lockRequest(rule))
  return grant == null ? null : toHeldLock(connection, rule, grant, driver)
}

/** What the running flow asks of the driver for a rule. */
export function lockRequest({ resource, mode = 'exclusive' }: LockRule): LockRequest {
  const held = locksOfFlow().map(({ id }) => id)
  return { resource, mode, id: nextLockId(), held, inFlow: true }
}

/** Puts a grant into the hands of the command. */
export function toHeldLock(
  connection: Connection,
  { resource, mode = 'exclusive' }: LockRule,
  grant: LockGrant,
  driver: LockDriver = localLocks(connection),
): Lock {
  return new HeldLock(driver, resource, mode, grant, () => undefined)
}

function localLocks({ home, namespace }: Connection): LockDriver {
  return createLocalLocks(new Home(home, namespace, nodeFileSystem))
}
