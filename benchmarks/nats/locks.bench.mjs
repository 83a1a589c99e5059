import { connect, headers } from '@nats-io/transport-node'
import { measureEngineLocks } from '../harness/engine-locks.mjs'
import { startOwnServer } from '../harness/own-server.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'Locks on NATS'

const STREAM = { name: 'bench', subjects: ['bench.*'], max_msgs_per_subject: 1, allow_direct: true }

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const port = await startOwnServer('nats-server', temporaryFolder())
  if (port === undefined) {
    reporter.couldNotRun('NATS', 'nats-server is not installed')
    return
  }
  const url = `nats://127.0.0.1:${port}`
  const client = await connect({ servers: url })
  await client.request('$JS.API.STREAM.CREATE.bench', JSON.stringify(STREAM))
  const onlyIfFree = headers()
  onlyIfFree.set('Nats-Expected-Last-Subject-Sequence', '0')
  const purge = JSON.stringify({ filter: 'bench.cycle' })
  await measureEngineLocks(reporter, {
    url,
    peer: 'bare client: a key that is created, then purged',
    bare: async () => {
      await client.request('bench.cycle', 'me', { headers: onlyIfFree, timeout: 5_000 })
      await client.request('$JS.API.STREAM.PURGE.bench', purge)
    },
  })
  await client.close()
}
