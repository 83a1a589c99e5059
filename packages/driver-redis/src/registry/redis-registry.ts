import type { RecordStore, ServiceRecord } from '@cli-ops/shared-ipc/driver'

import type { RedisConnection } from '../connection/redis-connection.js'
import type { Script } from '../connection/script.js'
import type { Subscriber } from '../connection/notifications.js'
import type { Keys } from '../keys.js'
import { ANNOUNCE, DISCOVER, PRUNE, WITHDRAW } from './registry-scripts.js'

/** Where records are stored. */
export interface RegistryContext {
  readonly connection: RedisConnection
  readonly subscriber: Subscriber
  readonly keys: Keys
  readonly leaseMs: number
  /** Asks an endpoint of this driver for a sign of life. */
  readonly probe: (endpoint: string) => Promise<boolean>
}

/** Records in a hash. `registry-scripts.ts` describes the keys. */
export class RedisRegistry implements RecordStore {
  readonly #context: RegistryContext

  constructor(context: RegistryContext) {
    this.#context = context
  }

  get leaseMs(): number {
    return this.#context.leaseMs
  }

  async announce(records: ReadonlyMap<string, ServiceRecord>, how: 'new' | 'renew'): Promise<void> {
    const fields = [...records].flatMap(([field, record]) => [field, JSON.stringify(record)])
    await this.#run(ANNOUNCE, [this.leaseMs, how, ...fields])
  }

  async withdraw(field: string): Promise<void> {
    await this.#run(WITHDRAW, [field])
  }

  async discover(): Promise<{ readonly record: ServiceRecord; readonly remainingMs: number }[]> {
    const reply = (await this.#run(DISCOVER, [])) as (string | number)[]
    const found = []
    for (let at = 0; at + 1 < reply.length; at += 2) {
      const record = JSON.parse(String(reply[at])) as ServiceRecord
      found.push({ record, remainingMs: Number(reply[at + 1]) })
    }
    return found
  }

  async prune(): Promise<ServiceRecord[]> {
    const gone = (await this.#run(PRUNE, [])) as string[]
    return gone.map((json) => JSON.parse(json) as ServiceRecord)
  }

  watch(listener: () => void): () => void {
    return this.#context.subscriber.listen(this.#context.keys.registryChannel, {
      onMessage: () => {
        listener()
      },
      onReady: () => {
        listener()
      },
    })
  }

  probe(endpoint: string): Promise<boolean> {
    return this.#context.probe(endpoint)
  }

  #run(script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const { connection, keys } = this.#context
    return script.run(connection, {
      keys: [keys.records, keys.recordDeadlines],
      args: [keys.registryChannel, ...args],
    })
  }
}
