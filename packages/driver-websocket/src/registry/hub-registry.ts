import {
  type RegistryDriver,
  type ServiceInfo,
  type ServiceQuery,
  type ServiceRecord,
  toServiceInfo,
} from '@cli-ops/shared-ipc/driver'

import type { ConnectionPart, HubConnection } from '../connection/hub-connection.js'
import type { HubLink } from '../connection/hub-link.js'

/** A record with its state in the registry. */
export interface WireService extends ServiceRecord {
  readonly state: ServiceInfo['state']
  readonly reason?: ServiceInfo['reason']
}

interface OwnRecord {
  readonly record: ServiceRecord
  readonly ifAbsent: boolean
}

/** Records that a hub keeps while the connection exists; after a disconnection they are announced again. */
export class HubRegistry implements RegistryDriver, ConnectionPart {
  readonly #connection: HubConnection
  readonly #own = new Map<string, OwnRecord>()
  readonly #listeners = new Set<() => void>()

  constructor(connection: HubConnection) {
    this.#connection = connection
  }

  get isNeeded(): boolean {
    return this.#own.size > 0 || this.#listeners.size > 0
  }

  async register(
    record: ServiceRecord,
    { ifAbsent = false }: { readonly ifAbsent?: boolean } = {},
  ): Promise<void> {
    await this.#connection.call('registry.register', { record, ifAbsent })
    this.#own.set(keyOf(record), { record, ifAbsent })
    // The connection may have been lost by now.
    this.#connection.wake()
  }

  async unregister(name: string, instance: string): Promise<void> {
    this.#own.delete(keyOf({ name, instance }))
    await this.#connection.call('registry.unregister', { name, instance })
  }

  async discover({ name, probe }: ServiceQuery): Promise<ServiceInfo[]> {
    const found = await this.#connection.call('registry.discover', { name, probe })
    return (found as WireService[]).map(toInfo)
  }

  watch(listener: () => void): () => void {
    const own = (): void => {
      listener()
    }
    const isFirst = this.#listeners.size === 0
    this.#listeners.add(own)
    if (isFirst) {
      if (this.#connection.live === undefined) this.#connection.wake()
      else this.#watch(this.#connection.live)
    }
    return () => {
      if (!this.#listeners.delete(own) || this.#listeners.size > 0) return
      this.#connection.notify('registry.unwatch', {})
    }
  }

  async clean(): Promise<ServiceInfo[]> {
    return ((await this.#connection.call('registry.clean', {})) as WireService[]).map(toInfo)
  }

  async onLive(session: HubLink): Promise<void> {
    if (this.#listeners.size > 0) this.#watch(session)
    if (session.isResumed) return
    const records = [...this.#own.values()]
    await Promise.allSettled(records.map((own) => session.call('registry.register', own)))
  }

  onNotification = (method: string): void => {
    if (method === 'registry.changed') this.#tell()
  }

  /** Withdraws what was registered, if possible in time. */
  async close(): Promise<void> {
    this.#listeners.clear()
    const records = [...this.#own.values()]
    await Promise.allSettled(
      records.map(({ record: { name, instance } }) => this.unregister(name, instance)),
    )
  }

  #watch(session: HubLink): void {
    // Changes from before the hub began to watch must be seen as well.
    session.call('registry.watch', {}).then(
      () => {
        this.#tell()
      },
      () => undefined,
    )
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

function toInfo({ state, reason, ...record }: WireService): ServiceInfo {
  return toServiceInfo(record, state, reason)
}

function keyOf({ name, instance }: Pick<ServiceRecord, 'name' | 'instance'>): string {
  return `${instance} ${name}`
}
