import { Client } from 'pg'
import { measureEngineEvents } from '../harness/engine-events.mjs'
import { startPostgres } from './start-postgres.mjs'

export const title = 'Events on PostgreSQL'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const server = await startPostgres()
  if (server === undefined) {
    reporter.couldNotRun('PostgreSQL', 'it is not installed')
    return
  }
  const [publisher, subscriber] = [new Client(server.url), new Client(server.url)]
  await Promise.all([publisher.connect(), subscriber.connect()])
  // The client allows one query at a time.
  let last = Promise.resolve({})
  await measureEngineEvents(reporter, {
    url: server.url,
    peer: 'bare pg: NOTIFY',
    publish: (text) => {
      last = last.then(() => publisher.query('select pg_notify($1, $2)', ['bench', text]))
      return last
    },
    listen: (heard) => {
      subscriber.on('notification', heard)
      return subscriber.query('listen bench')
    },
  })
  await Promise.all([publisher.end(), subscriber.end()])
  server.stop()
}
