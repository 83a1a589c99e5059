import type { EventRecord } from '../drivers/event-driver.js'
import { createLogAppender, type LogAppender } from '../drivers/local/events/log-appender.js'
import { nodeFileSystem } from '../drivers/local/file-system.js'
import { Home } from '../drivers/local/home.js'
import { createRecordKeeper } from '../drivers/local/registry/record-keeper.js'
import { driverKey } from '../drivers/driver-key.js'
import type { Connection } from '../options/connection-options.js'
import { ownRecord } from '../registry/own-records.js'
import { DEFAULT_RETENTION } from '../events/default-retention.js'

/**
 * Where a command leaves its traces on one machine: the few parts of the local driver that every command needs, all
 * synchronous. The rest of the driver, and every other driver, is loaded by those who ask for it.
 */
export class LocalStore {
  readonly home: Home
  readonly #connection: Connection
  #appender: LogAppender | undefined

  constructor(connection: Connection) {
    this.#connection = connection
    this.home = new Home(connection.home, connection.namespace, nodeFileSystem)
  }

  /** Registers the instance; a server of this process announces its endpoint in the same record. */
  register(owner: object, name: string, version: string | undefined): void {
    const driver = createRecordKeeper(this.home)
    const place = { key: driverKey(this.#connection, 'local:'), driver }
    void ownRecord(place, name).set(owner, { version }, driver)
  }

  append(record: EventRecord): void {
    this.#log.appendSync([record], { retention: DEFAULT_RETENTION, durable: false })
  }

  get #log(): LogAppender {
    return (this.#appender ??= createLogAppender(this.home))
  }
}
