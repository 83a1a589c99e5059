import type { Connection } from '../engine/connection-options.js'
import { driverKey } from '../engine/driver-key.js'
import type { RecordKeeper } from '../registry/contract/registry-driver.js'
import { ownRecord } from '../registry/own-records.js'
import type { Instance } from './host/instance.js'

/** Replaces this owner's part of the instance's record, which all parts of this process share. */
export function contribute(
  connection: Connection,
  driver: RecordKeeper,
  owner: object,
  { name, version, commands }: Instance,
): void {
  const record = ownRecord({ key: driverKey(connection, 'local:'), driver }, name)
  void record.set(owner, { version, commands }, driver)
}
