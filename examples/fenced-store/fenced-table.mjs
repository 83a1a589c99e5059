import { readFileSync } from 'node:fs'

import pg from 'pg'

import { StaleTokenError } from './stale-token-error.mjs'

const [CREATE = '', WRITE = ''] = readFileSync(new URL('fenced-table.sql', import.meta.url), 'utf8')
  .split(';')
  .map((statement) => statement.trim())

/** A PostgreSQL table behind a fence: the writing statement also checks, so nothing happens in between. */
export class FencedTable {
  #client
  #id

  /**
   * @param {pg.Client} client
   * @param {string} id
   */
  constructor(client, id) {
    this.#client = client
    this.#id = id
  }

  /**
   * @param {string} url
   * @param {string} id of the row that is fenced
   */
  static async open(url, id = 'report') {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(CREATE)
    return new FencedTable(client, id)
  }

  /** @returns {Promise<unknown>} the value; undefined if nothing has been written yet */
  async read() {
    const { rows } = await this.#client.query('select value from report where id = $1', [this.#id])
    return rows[0]?.value
  }

  /**
   * Writes a value. Throws a {@link StaleTokenError}, without writing, if an owner with a higher token has written.
   *
   * @param {bigint} token of the lock under which this is written
   * @param {unknown} value
   */
  async write(token, value) {
    const row = [this.#id, String(token), JSON.stringify(value)]
    const { rowCount } = await this.#client.query(WRITE, row)
    if (rowCount === 0) throw new StaleTokenError('another owner has had the lock since')
  }

  close() {
    return this.#client.end()
  }
}
