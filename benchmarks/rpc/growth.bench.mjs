import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { quantile } from '../harness/statistics.mjs'
import { interleave } from '../harness/interleave.mjs'
import { microsecondsEach, perSecond } from './ask-often.mjs'
import { openPeer } from './open-peer.mjs'

export const title = 'How the cost of requests grows'

const LABELS = { kit: 'the kit', 'vscode-jsonrpc': 'vscode-jsonrpc', echo: 'raw echo' }

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const folder = temporaryFolder()
  const peers = {
    kit: await openPeer('kit', folder),
    'vscode-jsonrpc': await openPeer('vscode-jsonrpc', folder),
    echo: await openPeer('echo', folder),
  }
  await withFrames(reporter, peers)
  await withInFlight(reporter, { kit: peers.kit, 'vscode-jsonrpc': peers['vscode-jsonrpc'] })
  for (const { close } of Object.values(peers)) close()
}

/** @param {import('../harness/report.mjs').Reporter} reporter @param {Record<string, import('./open-peer.mjs').Connection>} peers */
async function withFrames(reporter, peers) {
  const series = seriesOf(peers)
  for (const bytes of [100, 1000, 10_000, 100_000, 1_000_000]) {
    reporter.progress(`frames of ${bytes} bytes`)
    const data = 'x'.repeat(bytes)
    const times = Math.max(2, Math.round(Math.min(50, 2_000_000 / bytes)))
    await measure(reporter, series, bytes, peers, ({ ask }) => microsecondsEach(ask, data, times))
  }
  reporter.plot({
    name: 'frames',
    title: 'Size of a request and its reply',
    x: { label: 'bytes', log: true },
    y: { label: 'µs for a round trip', log: true },
    series: Object.values(series),
  })
  reporter.note(
    'Frames: O(n). A frame is copied once where it comes in pieces, and never searched twice, up to the limit of 1 MiB.',
  )
}

/** @param {import('../harness/report.mjs').Reporter} reporter @param {Record<string, import('./open-peer.mjs').Connection>} peers */
async function withInFlight(reporter, peers) {
  const series = seriesOf(peers)
  for (const inFlight of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
    reporter.progress(`${inFlight} in flight`)
    const times = Math.min(2560, 300 * inFlight)
    await measure(reporter, series, inFlight, peers, ({ ask }) =>
      perSecond(ask, { action: 'get-tasks' }, times, inFlight),
    )
  }
  reporter.plot({
    name: 'in-flight',
    title: 'Requests in flight on one connection',
    x: { label: 'in flight', log: true },
    y: { label: 'requests/s' },
    series: Object.values(series),
  })
  reporter.note(
    'In flight: O(1) a request, whatever else is pending. Requests and replies of one turn leave in one write, so the system calls are shared, until JSON is all that is left.',
  )
}

/**
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {Record<string, import('../harness/report.mjs').Series>} series
 * @param {number} x
 * @param {Record<string, import('./open-peer.mjs').Connection>} peers
 * @param {(peer: import('./open-peer.mjs').Connection) => Promise<number>} once
 */
async function measure(reporter, series, x, peers, once) {
  const samples = await interleave(
    Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, () => once(peer)])),
    { rounds: reporter.times(15) },
  )
  for (const [name, found] of Object.entries(samples))
    series[name]?.points.push([
      x,
      quantile(
        [...found].sort((a, b) => a - b),
        0.5,
      ),
    ])
}

/** @param {Record<string, unknown>} peers @returns {Record<string, import('../harness/report.mjs').Series>} */
function seriesOf(peers) {
  return Object.fromEntries(
    Object.entries(LABELS)
      .filter(([name]) => name in peers)
      .map(([name, label]) => [name, { name: label, points: [] }]),
  )
}
