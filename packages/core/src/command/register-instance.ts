import { atExit } from '../base/process/at-exit.js'
import { ownProcess } from '../base/process/own-process.js'
import type { UsualDriver } from '../drivers/local/usual-driver.js'
import type { Connection } from '../engine/connection-options.js'
import { noteFirstRecord } from '../registry/first-record.js'
import type { Instance } from './host/instance.js'

/** Registers this process until it ends. Other contributors to the record are rare; they continue from here. */
export function registerInstance(
  connection: Connection,
  driver: UsualDriver,
  owner: object,
  { name, version, commands }: Instance,
): void {
  const { identity, instance, startedAt } = ownProcess()
  const startedAtMs = Math.round(startedAt.getTime())
  const { pid } = identity
  const record = { name, instance, pid, version, startedAt: startedAtMs, commands, metadata: {} }
  driver.registerSync(record)
  noteFirstRecord({ connection, name, owner, version, commands })
  atExit(() => {
    driver.unregisterSync(name, instance)
  })
}
