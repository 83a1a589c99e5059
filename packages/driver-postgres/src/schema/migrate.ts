import type { Client } from 'pg'

import { classId } from './class-id.js'
import { EVENT_FUNCTIONS } from './event-functions.js'
import { LOCK_FUNCTIONS } from './lock-functions.js'
import { OTHER_FUNCTIONS } from './other-functions.js'
import { TABLES } from './tables.js'

/** What each version adds to the one before. */
const STEPS: readonly string[] = [
  [TABLES, LOCK_FUNCTIONS, EVENT_FUNCTIONS, OTHER_FUNCTIONS].join('\n'),
]

/** The schema version that this driver works with. */
export const SCHEMA_VERSION = STEPS.length

/** A process suspended half-way must not keep the others out for long. */
const LIMITS = `set local idle_in_transaction_session_timeout = '10s'; set local client_min_messages = warning`

/**
 * Creates the schema or brings it up to date, once however many processes try, in one transaction.
 *
 * @param isReturning true if this driver has used an earlier one, which was dropped since: for one lease, a new one grants nothing
 */
export async function migrate(
  client: Client,
  { isReturning }: { readonly isReturning: boolean },
): Promise<void> {
  await client.query(`begin; ${LIMITS}; select pg_advisory_xact_lock(${classId('schema')}, 0)`)
  try {
    const version = await versionOf(client)
    if (version === undefined) {
      // "if not exists" would require the right to create a schema even if there is one.
      const { rowCount } = await client.query(`select from pg_namespace where nspname = 'cli_ops'`)
      if (rowCount === 0) await client.query('create schema cli_ops')
    }
    for (const step of STEPS.slice(version ?? 0)) await client.query(step)
    await client.query('update cli_ops.meta set version = $1 where version < $1', [SCHEMA_VERSION])
    if (version === undefined && isReturning)
      await client.query('update cli_ops.meta set epoch = epoch + 1, since = clock_timestamp()')
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

async function versionOf(client: Client): Promise<number | undefined> {
  const there = await client.query(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'cli_ops' and c.relname = 'meta'`,
  )
  if (there.rowCount === 0) return undefined
  const { rows } = await client.query<{ version: number }>('select version from cli_ops.meta')
  return rows[0]?.version
}
