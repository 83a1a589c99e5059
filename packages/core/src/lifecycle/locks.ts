import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { createLocalLocks } from '../drivers/local/locks/local-locks.js'
import { HeldLock } from '../locks/held-lock.js'
import { locksOfFlow } from '../locks/lock-flow.js'
import { nextLockId } from '../locks/lock-id.js'
import type { Lock } from '../locks/lock-types.js'
import type { Connection } from '../options/connection-options.js'
import type { LockRule } from './cli-ops-options.js'

/**
 * The part of the lifecycle that commands with a lock load on top: taking a free lock of the local driver at once.
 * Whoever has to wait loads the whole core.
 */
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
