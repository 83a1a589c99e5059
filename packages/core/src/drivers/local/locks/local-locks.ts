import type { LockDriver } from '../../lock-driver.js'
import type { Home } from '../home.js'

/** Makes the locks of the local driver: the claim protocol of `docs/reference/lock-protocol.md` on files. */
export function createLocalLocks(home: Home): LockDriver {
  throw new Error(home.root)
}
