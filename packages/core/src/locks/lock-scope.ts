import { driverKey } from '../engine/driver-key.js'
import {
  type Connection,
  type ConnectionOptions,
  resolveConnection,
} from '../engine/connection-options.js'

/** An option of tests: the handles of one process that stand for other programs hold their locks apart from each other. */
export const SEPARATE = Symbol('separate')

/**
 * What tells the locks of two places apart: equal for equal engine, home and namespace, whatever asks for the lock (a rule,
 * `withLock`, a `LockManager`).
 */
export function lockScope(connection: Connection): string {
  const url = connection.urlOf('locks')
  // What is no URL, whoever opens it says.
  return driverKey(connection, url !== 'local:' && URL.canParse(url) ? new URL(url).href : url)
}

/** As {@link lockScope}, for one handle: a test may have set it apart. */
export function handleScope(options: ConnectionOptions): string {
  const { [SEPARATE]: apart = '' } = options as { readonly [SEPARATE]?: string }
  return lockScope(resolveConnection(options)) + apart
}
