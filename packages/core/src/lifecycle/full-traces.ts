import { createLogAppender, type LogAppender } from '../drivers/local/events/log-appender.js'
import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { createRecordKeeper } from '../drivers/local/registry/record-keeper.js'
import { driverKey } from '../drivers/driver-key.js'
import type { Connection } from '../options/connection-options.js'
import { ownRecord } from '../registry/own-records.js'

/** Registers the instance, in a home that may have to be made first. */
export function register(
  connection: Connection,
  owner: object,
  name: string,
  version: string | undefined,
): void {
  const driver = createRecordKeeper(homeOf(connection))
  void ownRecord({ key: driverKey(connection, 'local:'), driver }, name).set(
    owner,
    { version },
    driver,
  )
}

/** Makes the writing half of the event log, which makes the log, rotates it and finds its way in it. */
export function createAppender(connection: Connection): LogAppender {
  return createLogAppender(homeOf(connection))
}

function homeOf({ home, namespace }: Connection): Home {
  return new Home(home, namespace, nodeFileSystem)
}
