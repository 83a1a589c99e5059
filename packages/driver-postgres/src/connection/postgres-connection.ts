import { type DriverOptions, EngineLink } from '@cli-ops/shared-ipc/driver'
import type { Client, QueryResultRow } from 'pg'

import { connectToPrimary, endNow } from './connect.js'
import { engineError, isStale } from './engine-error.js'

/** An argument of a statement. */
export type Argument = string | number | boolean | null | readonly (string | number)[]

/** The connection for statements; each statement is its own transaction. */
export class PostgresConnection {
  readonly #link: EngineLink<Client>

  constructor(options: DriverOptions, driverId: string) {
    const { url, timeoutMs } = options
    this.#link = new EngineLink({
      timeoutMs,
      open: (signal, onEnd) => connectToPrimary(options, driverId, signal, onEnd),
      end: endNow,
      toError: (reason) => engineError(url, reason),
    })
  }

  /** Runs a statement and resolves to its rows. Rejects as `EngineLink.call` does. */
  query<Row extends QueryResultRow>(
    sql: string,
    values: readonly Argument[],
    signal?: AbortSignal,
  ): Promise<Row[]> {
    return this.#link.call(async (client) => {
      try {
        const { rows } = await client.query<Row>(sql, [...values])
        return rows
      } catch (error) {
        if (isStale(error)) this.#link.drop(client)
        throw error
      }
    }, signal)
  }

  /** Runs a statement and resolves to its single value. */
  async value(sql: string, values: readonly Argument[], signal?: AbortSignal): Promise<unknown> {
    const [row] = await this.query<Record<string, unknown>>(sql, values, signal)
    return row === undefined ? undefined : Object.values(row)[0]
  }

  async connect(signal?: AbortSignal): Promise<void> {
    await this.#link.connect(signal)
  }

  close(): void {
    this.#link.close()
  }
}
