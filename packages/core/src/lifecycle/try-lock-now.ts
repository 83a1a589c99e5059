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
export function tryLockNow(
  connection: Connection,
  { resource, mode = 'exclusive' }: LockRule,
): Lock | null {
  const { home, namespace } = connection
  const driver = createLocalLocks(new Home(home, namespace, nodeFileSystem))
  const held = locksOfFlow().map(({ id }) => id)
  const id = nextLockId()
  const grant = driver.tryAcquireSync?.({ resource, mode, id, held, inFlow: true })
  return grant == null ? null : new HeldLock(driver, resource, mode, grant, () => undefined)
}
