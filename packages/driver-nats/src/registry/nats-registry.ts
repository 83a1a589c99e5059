import { parseJson, type RecordStore, type ServiceRecord } from '@cli-ops/shared-ipc/driver'

import type { NatsConnection } from '../connection/nats-connection.js'
import type { Subscriber } from '../connection/notifications.js'
import { hashed, type Space, told } from '../space.js'
import type { LeaseStore } from '../store/lease-store.js'
import type { StoredMessage } from '../store/stream.js'

/** Where records are stored. */
export interface RegistryContext {
  readonly connection: NatsConnection
  readonly subscriber: Subscriber
  readonly space: Space
  readonly store: LeaseStore
  readonly leaseMs: number
  /** Asks an endpoint of this driver for a sign of life. */
  readonly probe: (endpoint: string) => Promise<boolean>
}

/** A record as it is stored. */
interface StoredRecord {
  readonly record: ServiceRecord
  readonly leaseMs: number
}

/** Records as messages; storing one starts its lease again. */
export class NatsRegistry implements RecordStore {
  readonly #context: RegistryContext

  constructor(context: RegistryContext) {
    this.#context = context
  }

  get leaseMs(): number {
    return this.#context.leaseMs
  }

  async announce(records: ReadonlyMap<string, ServiceRecord>, how: 'new' | 'renew'): Promise<void> {
    const changes = await Promise.all(
      [...records].map(([key, record]) =>
        how === 'new' ? this.#store(key, record) : this.#renew(key, record),
      ),
    )
    if (changes.includes(true)) this.#tell()
  }

  async withdraw(key: string): Promise<void> {
    await this.#stream.purge({ filter: this.#subject(key) })
    this.#tell()
  }

  async discover(): Promise<{ readonly record: ServiceRecord; readonly remainingMs: number }[]> {
    return (await this.#all()).filter(({ remainingMs }) => remainingMs > 0)
  }

  async prune(): Promise<ServiceRecord[]> {
    const over = (await this.#all()).filter(({ remainingMs }) => remainingMs <= 0)
    const isRemoved = await Promise.all(over.map(({ seq }) => this.#stream.remove(seq)))
    const removed = over.filter((_, index) => isRemoved[index])
    if (removed.length > 0) this.#tell()
    return removed.map(({ record }) => record)
  }

  watch(listener: () => void): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(told.registry(space), { onMessage: listener, onReady: listener })
  }

  probe(endpoint: string): Promise<boolean> {
    return this.#context.probe(endpoint)
  }

  /** Both resolve to whether the set of records has changed. */
  async #store(key: string, record: ServiceRecord): Promise<boolean> {
    const text = JSON.stringify({ record, leaseMs: this.leaseMs } satisfies StoredRecord)
    await this.#stream.put(this.#subject(key), text)
    return true
  }

  async #renew(key: string, record: ServiceRecord): Promise<boolean> {
    const stored = await this.#stream.last(this.#subject(key))
    const isThere = stored !== undefined && (await this.#remainingMs(stored)) > 0
    const text = isThere
      ? stored.text
      : JSON.stringify({ record, leaseMs: this.leaseMs } satisfies StoredRecord)
    // If this loses the race, the faster process has renewed it.
    await this.#stream.put(this.#subject(key), text, stored?.seq ?? 0)
    return !isThere
  }

  async #all() {
    const stored = await this.#stream.lastOfEach(`${this.#root}.*`)
    return Promise.all(
      stored.map(async (message) => ({
        record: read(message).record,
        seq: message.seq,
        remainingMs: await this.#remainingMs(message),
      })),
    )
  }

  async #remainingMs(message: StoredMessage): Promise<number> {
    return read(message).leaseMs - ((await this.#context.store.now()) - message.at)
  }

  #tell(): void {
    const { connection, space } = this.#context
    connection.hint(told.registry(space))
  }

  #subject(key: string): string {
    return `${this.#root}.${hashed(key)}`
  }

  get #root(): string {
    return `cli_ops.s.${this.#context.space}.r`
  }

  get #stream() {
    return this.#context.store.stream
  }
}

function read({ text }: StoredMessage): StoredRecord {
  return parseJson(text) as StoredRecord
}
