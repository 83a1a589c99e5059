import type { UsualDriver } from '../drivers/local/usual-driver.js'
import type { Connection } from '../engine/connection-options.js'
import { atExit } from '../base/process/at-exit.js'
import { monotonicMs } from '../base/process/monotonic-time.js'
import { ownProcess } from '../base/process/own-process.js'
import type { EventRecord } from '../events/contract/event-driver.js'
import { noteFirstRecord } from '../registry/first-record.js'
import type { Instance } from './host/instance.js'
import { loadParts } from './lazy.js'
import { localDriver } from './local-driver.js'

/** Commands that start within this time do not repeat a clean-up. */
const CLEAN_UP_INTERVAL_MS = 60_000
/** How long a start can spend cleaning up; the next start does the rest. */
const CLEAN_UP_BUDGET_MS = 20

/** A command's traces on this machine: its record in the registry and its events. */
export class LocalTraces {
  readonly #connection: Connection
  readonly #driver: UsualDriver
  #isRegistered = false

  constructor(connection: Connection) {
    this.#connection = connection
    this.#driver = localDriver(connection)
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
