import { openDriver } from '../../engine/open-driver.js'
import { DEFAULT_RETENTION } from '../../events/contract/default-retention.js'
import type { StoredEvent } from '../../events/contract/event-types.js'
import type { ConnectionOptions } from '../../engine/connection-options.js'
import type { HostFacts } from './messages.js'

/** The events and the registration that a companion leaves on an engine for its host. */
export class KeptTraces {
  readonly #registry
  readonly #events
  readonly #host: HostFacts
  readonly #onFailure: (error: unknown) => void
  #waiting: string[] = []
  #appending: Promise<void> | undefined
  #registering: Promise<unknown> = Promise.resolve()
  #unregister: (() => Promise<void> | void) | undefined

  constructor(connection: ConnectionOptions, host: HostFacts, onFailure: (error: unknown) => void) {
    this.#registry = openDriver(connection, 'registry')
    this.#events = openDriver(connection, 'events')
    this.#host = host
    this.#onFailure = onFailure
  }

  /** Registers the host, until the traces are closed. */
  register(name: string, version: string | undefined): void {
    this.#registering = this.#register(name, version).catch(this.#onFailure)
  }

  /** Stores an event after the previous ones. */
  append(json: string): void {
    this.#waiting.push(json)
    this.#appending ??= this.#appendAll().finally(() => {
      this.#appending = undefined
    })
  }

  /** Resolves once all events are stored. */
  async stored(): Promise<void> {
    while (this.#appending !== undefined) await this.#appending
  }

  /** Ends the registration, once the events are stored. */
  async close(): Promise<void> {
    await Promise.all([this.stored(), this.#registering])
    await this.#unregister?.()
    await Promise.all([this.#registry.close(), this.#events.close()])
  }

  async #register(name: string, version: string | undefined): Promise<void> {
    const { instance, pid, startedAt } = this.#host
    const { registry } = await this.#registry.open()
    const record = { name, instance, pid, version, metadata: {} }
    // A server of the host can have announced its endpoint under the same name already.
    await registry.register({ ...record, startedAt: startedAt.getTime() }, { ifAbsent: true })
    this.#unregister = () => registry.unregister(name, instance)
  }

  async #appendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Events that arrive during a write are stored together.
      const jsons = this.#waiting
      this.#waiting = []
      try {
        const records = jsons.map((json) => ({ json, event: JSON.parse(json) as StoredEvent }))
        const { events } = await this.#events.open()
        await events.append(records, { retention: DEFAULT_RETENTION, durable: false })
      } catch (error) {
        this.#onFailure(error)
      }
    }
  }
}
