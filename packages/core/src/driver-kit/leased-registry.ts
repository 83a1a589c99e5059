import { clearTimeout, setTimeout } from '../base/wait/own-timers.js'
import { isCliOpsError } from '../base/errors/cli-ops-error.js'
import { byAge, toServiceInfo } from '../registry/contract/service-info.js'
import type {
  RegistryDriver,
  ServiceQuery,
  ServiceRecord,
} from '../registry/contract/registry-driver.js'
import type { ServiceInfo } from '../registry/contract/service-types.js'

/** An engine's store of records, each with a lease and identified by its key. */
export interface RecordStore {
  readonly leaseMs: number
  /** Stores records or renews their leases. `renew` restores what the engine has lost, and replaces nothing. */
  announce(records: ReadonlyMap<string, ServiceRecord>, how: 'new' | 'renew'): Promise<void>
  withdraw(key: string): Promise<void>
  /** Returns the records with valid leases, and the remaining milliseconds. */
  discover(): Promise<readonly { readonly record: ServiceRecord; readonly remainingMs: number }[]>
  /** Removes the records whose leases have ended, and returns them. */
  prune(): Promise<readonly ServiceRecord[]>
  /** Calls the listener when the set of records has, or might have, changed. */
  watch(listener: () => void): () => void
  /** Requests a sign of life from an endpoint. */
  probe(endpoint: string): Promise<boolean>
}

/** Records with a lease each, all renewed by one timer of their process. */
export class LeasedRegistry implements RegistryDriver {
  readonly #store: RecordStore
  readonly #own = new Map<string, ServiceRecord>()
  #pulse: NodeJS.Timeout | undefined

  constructor(store: RecordStore) {
    this.#store = store
  }

  async register(
    record: ServiceRecord,
    { ifAbsent = false }: { readonly ifAbsent?: boolean } = {},
  ): Promise<void> {
    const key = keyOf(record)
    await this.#store.announce(new Map([[key, record]]), ifAbsent ? 'renew' : 'new')
    this.#own.set(key, record)
    this.#renewLater(this.#store.leaseMs / 3)
  }

  async unregister(name: string, instance: string): Promise<void> {
    const key = keyOf({ name, instance })
    this.#own.delete(key)
    if (this.#own.size === 0) this.#stop()
    await this.#store.withdraw(key)
  }

  async discover({ name, probe }: ServiceQuery): Promise<ServiceInfo[]> {
    const found: ServiceInfo[] = []
    for (const { record, remainingMs } of await this.#store.discover()) {
      if (name !== undefined && record.name !== name) continue
      // It should have renewed twice since.
      const isLate = remainingMs < this.#store.leaseMs / 4
      found.push(
        isLate ? toServiceInfo(record, 'hung', 'unanswered') : toServiceInfo(record, 'live'),
      )
    }
    const services = probe ? await Promise.all(found.map((info) => this.#probe(info))) : found
    return services.sort(byAge)
  }

  watch(listener: () => void): () => void {
    return this.#store.watch(listener)
  }

  async clean(): Promise<ServiceInfo[]> {
    return (await this.#store.prune()).map((record) => toServiceInfo(record, 'hung'))
  }

  /** Removes all registrations, as far as time allows. */
  async close(): Promise<void> {
    this.#stop()
    const keys = [...this.#own.keys()]
    this.#own.clear()
    await Promise.allSettled(keys.map((key) => this.#store.withdraw(key)))
  }

  async #probe(info: ServiceInfo): Promise<ServiceInfo> {
    const { endpoint, state } = info
    if (endpoint === undefined || state === 'hung') return info
    return (await this.#store.probe(endpoint))
      ? info
      : { ...info, state: 'hung', reason: 'unanswered' }
  }

  #renewLater(delayMs: number): void {
    if (this.#pulse !== undefined) return
    this.#pulse = setTimeout(() => {
      this.#pulse = undefined
      const { leaseMs } = this.#store
      if (this.#own.size === 0) return
      // The complete records, since the engine might have lost them.
      this.#store.announce(this.#own, 'renew').then(
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
}

/** Instance ids contain no spaces. */
function keyOf({ name, instance }: Pick<ServiceRecord, 'name' | 'instance'>): string {
  return `${instance} ${name}`
}
