import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startPeers } from './start-peers.mjs'

export const title = 'Requests over one connection'

const SEQUENTIAL = 300
const IN_FLIGHT = 64
const MANY = 6400
/** What a small request looks like: an action and a few arguments. */
const DATA = { action: 'get-tasks', filter: { done: false, tag: 'release' }, limit: 20 }

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const peers = await startPeers(temporaryFolder())
  const rounds = reporter.times(100)

  const sequential = await interleave(
    {
      kit: () => microsecondsEach(peers.kit),
      echo: () => microsecondsEach(peers.echo),
      vscode: () => microsecondsEach(peers.vscode),
    },
    { rounds, warmUp: 10, onRound: (round) => reporter.progress(`one at a time ${round}`) },
  )
  const what = 'sequential round trip'
  reporter.compare({
    what,
    unit: 'µs',
    ours: sequential.kit,
    peer: { name: 'raw socket echo', samples: sequential.echo },
    goals: [{ atMost: 1.6 }],
  })
  reporter.compare({
    what: 'sequential round trip of vscode-jsonrpc',
    unit: 'µs',
    ours: sequential.vscode,
    peer: { name: 'raw socket echo', samples: sequential.echo },
    note: 'the peer, for comparison',
  })

  const parallel = await interleave(
    { kit: () => perSecond(peers.kit), vscode: () => perSecond(peers.vscode) },
    {
      rounds: reporter.times(30),
      warmUp: 5,
      onRound: (round) => reporter.progress(`64 at once ${round}`),
    },
  )
  reporter.compare({
    what: `${IN_FLIGHT} in flight`,
    unit: 'requests/s',
    ours: parallel.kit,
    peer: { name: 'vscode-jsonrpc', samples: parallel.vscode },
    goals: [
      { of: 'ratio', atLeast: 2.5 },
      { of: 'median', atLeast: 30_000 },
    ],
  })
  peers.close()
}

/** @param {(data: unknown) => Promise<unknown>} ask */
async function microsecondsEach(ask) {
  const started = performance.now()
  for (let count = 0; count < SEQUENTIAL; count += 1) await ask(DATA)
  return ((performance.now() - started) / SEQUENTIAL) * 1000
}

/** @param {(data: unknown) => Promise<unknown>} ask */
async function perSecond(ask) {
  let left = MANY
  const started = performance.now()
  const one = async () => {
    while (left > 0) {
      left -= 1
      await ask(DATA)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, one))
  return (MANY / (performance.now() - started)) * 1000
}
