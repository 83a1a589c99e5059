import { readFileSync } from 'node:fs'

import pg from 'pg'

import { StaleTokenError } from './stale-token-error.mjs'

const [CREATE = '', WRITE = ''] = readFileSync(new URL('fenced-table.sql', import.meta.url), 'utf8')
  .split(';')
  .map((statement) => statement.trim())

/** A table of PostgreSQL behind a fence: the statement that writes is the one that checks, so nothing comes between. */
export class FencedTable {
  #client

  /** @param {pg.Client} client */
  constructor(client) {
    this.#client = client
  }

  /** @param {string} url */
  static async open(url) {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(CREATE)
    return new FencedTable(client)
  }

  /** @returns {Promise<unknown>} the value; undefined where nothing was written yet */
  async read() {
    const { rows } = await this.#client.query("select value from report where id = 'report'")
    return rows[0]?.value
  }

  /**
   * Writes a value. Throws a {@link StaleTokenError} where somebody has written with a higher token: then it was not written.
   *
   * @param {bigint} token of the lock under which this is written
   * @param {unknown} value
   */
  async write(token, value) {
    const { rowCount } = await this.#client.query(WRITE, [
      'report',
      String(token),
      JSON.stringify(value),
    ])
    if (rowCount === 0) throw new StaleTokenError('another owner has had the lock since')
  }

  close() {
    return this.#client.end()
  }
}
