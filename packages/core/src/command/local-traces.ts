import type { UsualDriver } from '../drivers/local/usual-driver.js'
import type { Connection } from '../engine/connection-options.js'
import type { EventRecord } from '../events/contract/event-driver.js'
import { cleanUpIfDue } from './clean-up-if-due.js'
import type { Instance } from './host/instance.js'
import { loadParts } from './lazy.js'
import { localDriver } from './local-driver.js'
import { registerInstance } from './register-instance.js'

/** A command's traces on this machine: its record in the registry and its events. */
export class LocalTraces {
  readonly #connection: Connection
  readonly #driver: UsualDriver
  #isRegistered = false

  /** @param driver that of a command that has registered the instance before */
  constructor(connection: Connection, driver?: UsualDriver) {
    this.#connection = connection
    this.#driver = driver ?? localDriver(connection)
    this.#isRegistered = driver !== undefined
  }

  /** Removes what dead processes left; one command a minute does this for all. */
  cleanUpIfDue(): void {
    cleanUpIfDue(this.#driver)
  }

  /**
   * Registers the instance until the process ends; a server of this process announces its endpoint in the same record. A
   * repeated call updates the commands in progress.
   */
  register(owner: object, instance: Instance): void {
    const register = this.#isRegistered ? loadParts().contribute : registerInstance
    register(this.#connection, this.#driver, owner, instance)
    this.#isRegistered = true
  }

  /** Appends an event to the log. */
  append(event: Pick<EventRecord, 'json'>): void {
    this.#driver.append(event)
  }
}
