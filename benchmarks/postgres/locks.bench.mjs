import { Client } from 'pg'
import { measureEngineLocks } from '../harness/engine-locks.mjs'
import { startPostgres } from './start-postgres.mjs'

export const title = 'Locks on PostgreSQL'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startPostgres()
  if (server === undefined) {
    reporter.couldNotRun('PostgreSQL', 'it is not installed')
    return
  }
  const client = new Client(server.url)
  await client.connect()
  await measureEngineLocks(reporter, {
    url: server.url,
    peer: 'bare pg: an advisory lock of the session',
    bare: async () => {
      await client.query('select pg_advisory_lock(7)')
      await client.query('select pg_advisory_unlock(7)')
    },
  })
  await client.end()
  server.stop()
}
