import { driverKey } from '../engine/driver-key.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../engine/connection-options.js'

/** A test option: handles in one process that stand for different programs keep their locks separate. */
export const SEPARATE = Symbol('separate')

/**
 * Returns a key that is equal for the same engine, home and namespace, whatever requests the lock (a rule, `withLock`, a
 * `LockManager`).
 */
export function lockScope(connection: Connection): string {
  const url = connection.urlOf('locks')
  // Opening the driver reports an invalid URL.
  return driverKey(connection, url !== 'local:' && URL.canParse(url) ? new URL(url).href : url)
}

/** Like {@link lockScope}, for one handle, which a test can keep separate. */
export function handleScope(options: ConnectionOptions): string {
  const { [SEPARATE]: apart = '' } = options as { readonly [SEPARATE]?: string }
  return lockScope(resolveConnection(options)) + apart
}
