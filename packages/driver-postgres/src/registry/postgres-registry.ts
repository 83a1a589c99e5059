import type { RecordStore, ServiceRecord } from '@cli-ops/shared-ipc/driver'

import type { PostgresConnection } from '../connection/postgres-connection.js'
import type { Space } from '../space.js'
import type { Subscriber } from '../subscriber.js'

/** Where records are stored. */
export interface RegistryContext {
  readonly connection: PostgresConnection
  readonly subscriber: Subscriber
  readonly space: Space
  readonly leaseMs: number
  /** Asks an endpoint of this driver for a sign of life. */
  readonly probe: (endpoint: string) => Promise<boolean>
}

const DISCOVER = `select i.record, extract(epoch from i.ends - clock_timestamp()) * 1000 as remaining
  from cli_ops.instance i where i.space = $1 and i.ends > clock_timestamp()`

/** Records as rows with leases. See `other-functions.ts`. */
export class PostgresRegistry implements RecordStore {
  readonly #context: RegistryContext

  constructor(context: RegistryContext) {
    this.#context = context
  }

  get leaseMs(): number {
    return this.#context.leaseMs
  }

  async announce(records: ReadonlyMap<string, ServiceRecord>, how: 'new' | 'renew'): Promise<void> {
    const jsons = [...records.values()].map((record) => JSON.stringify(record))
    await this.#context.connection.query('select cli_ops.announce($1, $2, $3, $4, $5, $6)', [
      ...this.#place,
      this.leaseMs,
      how === 'new',
      [...records.keys()],
      jsons,
    ])
  }

  async withdraw(key: string): Promise<void> {
    await this.#context.connection.query('select cli_ops.withdraw($1, $2, $3)', [
      ...this.#place,
      key,
    ])
  }

  async discover(): Promise<{ readonly record: ServiceRecord; readonly remainingMs: number }[]> {
    const { connection, space } = this.#context
    const rows = await connection.query<{ record: string; remaining: string }>(DISCOVER, [
      space.key,
    ])
    return rows.map(({ record, remaining }) => ({
      record: JSON.parse(record) as ServiceRecord,
      remainingMs: Number(remaining),
    }))
  }

  async prune(): Promise<ServiceRecord[]> {
    const rows = await this.#context.connection.query<{ gone: string }>(
      'select * from cli_ops.prune($1, $2) as gone',
      this.#place,
    )
    return rows.map(({ gone }) => JSON.parse(gone) as ServiceRecord)
  }

  watch(listener: () => void): () => void {
    const { subscriber, space } = this.#context
    return subscriber.listen(space.channels.registry, { onMessage: listener, onReady: listener })
  }

  probe(endpoint: string): Promise<boolean> {
    return this.#context.probe(endpoint)
  }

  get #place(): readonly [string, string] {
    const { key, channels } = this.#context.space
    return [key, channels.registry]
  }
}
