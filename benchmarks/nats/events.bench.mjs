import { connect } from '@nats-io/transport-node'
import { measureEngineEvents } from '../harness/engine-events.mjs'
import { startOwnServer } from '../harness/own-server.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'Events on NATS'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const port = await startOwnServer('nats-server', temporaryFolder())
  if (port === undefined) {
    reporter.couldNotRun('NATS', 'nats-server is not installed')
    return
  }
  const url = `nats://127.0.0.1:${port}`
  const [publisher, subscriber] = [await connect({ servers: url }), await connect({ servers: url })]
  await measureEngineEvents(reporter, {
    url,
    peer: 'bare client: publish',
    publish: async (text) => publisher.publish('bench', text),
    listen: async (heard) => {
      subscriber.subscribe('bench', { callback: heard })
      await subscriber.flush()
    },
  })
  await Promise.all([publisher.close(), subscriber.close()])
}
