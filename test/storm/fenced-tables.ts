import { onTestFinished } from 'vitest'

import { FencedTable } from '../../examples/fenced-store/fenced-table.mjs'
import { StaleTokenError } from '../../examples/fenced-store/stale-token-error.mjs'
import { PostgresServer } from '../engines/postgres-server.js'

/** The database's own record of each write, in order. */
const NOTE_WRITES = `
  create table written (seq bigserial primary key, id text, token bigint);
  create function note_write() returns trigger language plpgsql as $$
    begin insert into written (id, token) values (new.id, new.token); return new; end $$;
  create trigger noted after insert or update on report for each row execute function note_write();`

const COUNT_STALE = `
  select count(*)::int as stale from (
    select token, max(token) over (partition by id order by seq) as highest from written
  ) as history where token < highest`

/** Rows of the example's fenced table in a private PostgreSQL, which is stopped at the end of the test. */
export class FencedTables {
  readonly #server: PostgresServer
  readonly #refusedBy = new Set<string>()

  private constructor(server: PostgresServer) {
    this.#server = server
  }

  static async start(): Promise<FencedTables> {
    const server = await PostgresServer.start()
    onTestFinished(() => server.stop())
    const table = await FencedTable.open(server.url, 'none')
    await table.close()
    const client = await server.connect()
    await client.query(NOTE_WRITES)
    await client.end()
    return new FencedTables(server)
  }

  /** Opens a row of the table, written as the example does it. */
  async open(id: string) {
    const table = await FencedTable.open(this.#server.url, id)
    return {
      read: () => table.read(),
      close: () => table.close(),
      write: async (token: bigint, value: string): Promise<void> => {
        try {
          await table.write(token, value)
        } catch (error) {
          if (error instanceof StaleTokenError) this.#refusedBy.add(id)
          throw error
        }
      },
    }
  }

  /** Returns how many writes had a token below an earlier one, and how many rows have refused one. */
  async history(): Promise<{ readonly stale: number; readonly refused: number }> {
    const client = await this.#server.connect()
    const { rows } = await client.query<{ stale: number }>(COUNT_STALE)
    await client.end()
    return { stale: rows[0]?.stale ?? Number.NaN, refused: this.#refusedBy.size }
  }
}
