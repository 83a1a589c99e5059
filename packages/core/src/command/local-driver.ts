import { UsualDriver } from '../drivers/local/usual-driver.js'
import type { Connection } from '../engine/connection-options.js'
import { driverKey } from '../engine/driver-key.js'
import { loadParts } from './lazy.js'

let last: { readonly key: string; readonly driver: UsualDriver } | undefined

/** Returns the local driver as commands use it; one per home and namespace, which are nearly always the same. */
export function localDriver(connection: Connection): UsualDriver {
  const key = driverKey(connection, 'local:')
  if (last?.key !== key)
    last = { key, driver: new UsualDriver(connection, () => loadParts().localParts) }
  return last.driver
}
