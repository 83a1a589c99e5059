import { readFileSync } from 'node:fs'

import { StaleTokenError } from './stale-token-error.mjs'

const [CREATE = '', ENTER = ''] = readFileSync(
  new URL('fenced-transaction.sql', import.meta.url),
  'utf8',
)
  .split(';')
  .map((statement) => statement.trim())

/** @param {import('pg').ClientBase} client */
export async function createFence(client) {
  await client.query(CREATE)
}

/**
 * Runs any number of writes as one transaction behind a fence: all of them happen, or none. Throws a {@link
 * StaleTokenError}, without writing, if an owner with a higher token has begun.
 *
 * @template T
 * @param {import('pg').ClientBase} client
 * @param {{ readonly resource: string, readonly token: bigint }} lock
 * @param {() => Promise<T>} work writes with the same client
 * @returns {Promise<T>}
 */
export async function fencedTransaction(client, { resource, token }, work) {
  await client.query('begin')
  try {
    // The row stays locked until the end: an owner with a higher token waits for this transaction, and follows it.
    const { rowCount } = await client.query(ENTER, [resource, String(token)])
    if (rowCount === 0) throw new StaleTokenError('another owner has had the lock since')
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
