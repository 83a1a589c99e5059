import { EventBus } from '@cli-ops/shared-ipc'
import { interleave } from './interleave.mjs'
import { temporaryFolder } from './temporary-folder.mjs'

const BURST = 2_000

/**
 * Measures the rows of events on an engine beside its own pub/sub, which stores nothing.
 *
 * @param {import('./report.mjs').Reporter} reporter
 * @param {{ url: string, peer: string, publish: (text: string) => Promise<unknown>, listen: (heard: () => void) =>
 *   Promise<unknown> }} engine
 *   `publish` sends on one connection of the bare client what `listen` receives on another
 */
export async function measureEngineEvents(reporter, { url, peer, publish, listen }) {
  const options = { url, home: temporaryFolder(), rateLimit: /** @type {const} */ (false) }
  const [writer, reader] = [new EventBus(options), new EventBus(options)]
  let heard = () => {}
  const subscription = reader.on('bench:event', () => heard())
  await subscription.ready
  await listen(() => heard())

  const data = { id: '1', title: 'Write' }
  const text = JSON.stringify(data)
  /** @param {() => Promise<unknown>} send */
  const latency = async (send) => {
    const arrived = new Promise((resolve) => {
      heard = () => resolve(undefined)
    })
    const started = performance.now()
    void send()
    await arrived
    return performance.now() - started
  }
  const { ours, theirs } = await interleave(
    {
      ours: () => latency(() => writer.emit('bench:event', data)),
      theirs: () => latency(() => publish(text)),
    },
    { rounds: reporter.times(1000), warmUp: 20 },
  )
  reporter.compare({
    what: 'emit → handler: kept, numbered, with a cursor',
    unit: 'ms',
    ours,
    peer: { name: `${peer}, kept nowhere`, samples: theirs },
  })

  /** @param {() => Promise<unknown>} send */
  const rate = async (send) => {
    let left = BURST
    const arrived = new Promise((resolve) => {
      heard = () => {
        left -= 1
        if (left === 0) resolve(undefined)
      }
    })
    const started = performance.now()
    for (let count = 0; count < BURST; count += 1) void send()
    await arrived
    return BURST / ((performance.now() - started) / 1000)
  }
  const burst = await interleave(
    {
      ours: () => rate(() => writer.emit('bench:event', data)),
      theirs: () => rate(() => publish(text)),
    },
    { rounds: reporter.times(20), warmUp: 2 },
  )
  reporter.compare({
    what: `${BURST} at once, from emit to handler`,
    unit: 'events/s',
    ours: burst.ours,
    peer: { name: peer, samples: burst.theirs },
  })
  await Promise.all([writer.close(), reader.close()])
}
