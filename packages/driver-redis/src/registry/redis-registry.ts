import {
  byAge,
  isCliOpsError,
  type RegistryDriver,
  type ServiceInfo,
  type ServiceQuery,
  type ServiceRecord,
  toServiceInfo,
} from '@cli-ops/shared-ipc/driver'

import type { RedisConnection } from '../connection/redis-connection.js'
import type { Script } from '../connection/script.js'
import type { Subscriber } from '../connection/subscriber.js'
import type { Keys } from '../keys.js'
import { ANNOUNCE, DISCOVER, PRUNE, WITHDRAW } from './registry-scripts.js'

/** Where records are kept. */
export interface RegistryPlace {
  readonly connection: RedisConnection
  readonly subscriber: Subscriber
  readonly keys: Keys
  readonly leaseMs: number
  /** Asks an endpoint of this driver for a sign of life. */
  readonly probe: (endpoint: string) => Promise<boolean>
}

/** Records with a lease each, that one timer of their process renews. */
export class RedisRegistry implements RegistryDriver {
  readonly #place: RegistryPlace
  readonly #own = new Map<string, ServiceRecord>()
  #pulse: NodeJS.Timeout | undefined

  constructor(place: RegistryPlace) {
    this.#place = place
  }

  async register(
    record: ServiceRecord,
    { ifAbsent = false }: { readonly ifAbsent?: boolean } = {},
  ): Promise<void> {
    const field = fieldOf(record)
    const how = ifAbsent ? 'renew' : 'new'
    await this.#run(ANNOUNCE, [this.#place.leaseMs, how, field, JSON.stringify(record)])
    this.#own.set(field, record)
    this.#renewLater(this.#place.leaseMs / 3)
  }

  async unregister(name: string, instance: string): Promise<void> {
    const field = fieldOf({ name, instance })
    this.#own.delete(field)
    if (this.#own.size === 0) this.#stop()
    await this.#run(WITHDRAW, [field])
  }

  async discover({ name, probe }: ServiceQuery): Promise<ServiceInfo[]> {
    const reply = (await this.#run(DISCOVER, [])) as (string | number)[]
    const found: ServiceInfo[] = []
    for (let at = 0; at + 1 < reply.length; at += 2) {
      const record = JSON.parse(String(reply[at])) as ServiceRecord
      if (name !== undefined && record.name !== name) continue
      // It should have renewed twice since.
      const isLate = Number(reply[at + 1]) < this.#place.leaseMs / 4
      found.push(toServiceInfo(record, isLate ? 'hung' : 'live'))
    }
    const services = probe ? await Promise.all(found.map((info) => this.#probe(info))) : found
    return services.sort(byAge)
  }

  watch(listener: () => void): () => void {
    return this.#place.subscriber.listen(this.#place.keys.registryChannel, {
      onMessage: () => {
        listener()
      },
      onReady: () => {
        listener()
      },
    })
  }

  async clean(): Promise<ServiceInfo[]> {
    const gone = (await this.#run(PRUNE, [])) as string[]
    return gone.map((json) => toServiceInfo(JSON.parse(json) as ServiceRecord, 'hung'))
  }

  /** Takes back what was registered, as far as that is possible in time. */
  async close(): Promise<void> {
    this.#stop()
    const fields = [...this.#own.keys()]
    this.#own.clear()
    await Promise.allSettled(fields.map((field) => this.#run(WITHDRAW, [field])))
  }

  async #probe(info: ServiceInfo): Promise<ServiceInfo> {
    const { endpoint, state } = info
    if (endpoint === undefined || state === 'hung') return info
    return (await this.#place.probe(endpoint)) ? info : { ...info, state: 'hung' }
  }

  #renewLater(delayMs: number): void {
    if (this.#pulse !== undefined) return
    this.#pulse = setTimeout(() => {
      this.#pulse = undefined
      const { leaseMs } = this.#place
      // The whole records, since the engine may have lost them.
      const records = [...this.#own].flatMap(([field, record]) => [field, JSON.stringify(record)])
      if (records.length === 0) return
      this.#run(ANNOUNCE, [leaseMs, 'renew', ...records]).then(
        () => {
          if (this.#own.size > 0) this.#renewLater(leaseMs / 3)
        },
        (error: unknown) => {
          if (isCliOpsError(error, 'CLOSED')) return
          this.#renewLater(leaseMs / 10)
        },
      )
    }, delayMs).unref()
  }

  #stop(): void {
    clearTimeout(this.#pulse)
    this.#pulse = undefined
  }

  #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const { connection, keys } = this.#place
    return script.run(connection, {
      keys: [keys.records, keys.recordDeadlines],
      args: [keys.registryChannel, ...args],
    })
  }
}

function fieldOf({ name, instance }: Pick<ServiceRecord, 'name' | 'instance'>): string {
  return `${instance} ${name}`
}
