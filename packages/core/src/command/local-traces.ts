import type { UsualDriver } from '../drivers/local/usual-driver.js'
import type { Connection } from '../engine/connection-options.js'
import { atExit } from '../base/process/at-exit.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { ownProcess } from '../base/process/own-process.js'
import type { EventRecord } from '../events/contract/event-driver.js'
import { noteFirstRecord } from '../registry/first-record.js'
import { CLEAN_UP_BUDGET_MS, CLEAN_UP_INTERVAL_MS } from './clean-up-limits.js'
import type { Instance } from './host/instance.js'
import { loadParts } from './lazy.js'
import { localDriver } from './local-driver.js'

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
    this.#driver.cleanUpIfDue(CLEAN_UP_INTERVAL_MS, () => monotonicMs() + CLEAN_UP_BUDGET_MS)
  }

  /**
   * Registers the instance until the process ends; a server of this process announces its endpoint in the same record. A
   * repeated call updates the commands in progress.
   */
  register(owner: object, { name, version, commands }: Instance): void {
    if (this.#isRegistered) {
      loadParts().contribute(this.#connection, this.#driver, owner, { name, version, commands })
      return
    }
    const { identity, instance, startedAt } = ownProcess()
    const startedAtMs = Math.round(startedAt.getTime())
    const { pid } = identity
    const record = { name, instance, pid, version, startedAt: startedAtMs, commands, metadata: {} }
    this.#driver.registerSync(record)
    this.#isRegistered = true
    // Other contributors are rare; they continue from here.
    noteFirstRecord({ connection: this.#connection, name, owner, version, commands })
    atExit(() => {
      this.#driver.unregisterSync(name, instance)
    })
  }

  /** Appends an event to the log. */
  append(event: Pick<EventRecord, 'json'>): void {
    this.#driver.append(event)
  }
}
