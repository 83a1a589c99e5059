import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { microsecondsEach, perSecond } from './ask-often.mjs'
import { openPeer } from './open-peer.mjs'

export const title = 'Requests over one connection'

const SEQUENTIAL = 150
const IN_FLIGHT = 64
const MANY = 3200
/** A typical small request: an action and a few arguments. */
const DATA = { action: 'get-tasks', filter: { done: false, tag: 'release' }, limit: 20 }

const PEERS = {
  kit: 'the kit',
  'vscode-jsonrpc': 'vscode-jsonrpc',
  birpc: 'birpc, JSON lines',
  'node-ipc': 'the protocol of node-ipc',
  http: 'HTTP over a Unix socket',
}
const ECHO = 'raw socket echo'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const folder = temporaryFolder()
  const echo = await openPeer('echo', folder)
  /** @type {Record<string, import('./open-peer.mjs').Connection>} */
  const peers = {}
  for (const name of Object.keys(PEERS)) peers[name] = await openPeer(name, folder)

  const sequential = await interleave(
    mapValues(
      { ...peers, echo },
      ({ ask }) =>
        () =>
          microsecondsEach(ask, DATA, SEQUENTIAL),
    ),
    {
      rounds: reporter.times(100),
      warmUp: 10,
      onRound: (round) => reporter.progress(`one at a time ${round}`),
    },
  )
  for (const [name, label] of Object.entries(PEERS)) {
    const isOurs = name === 'kit'
    reporter.compare({
      what: isOurs ? 'sequential round trip' : `to compare: ${label}`,
      unit: 'µs',
      ours: sequential[name] ?? [],
      peer: { name: ECHO, samples: sequential['echo'] ?? [] },
      goals: isOurs ? [{ atMost: 1.6 }] : [],
    })
  }

  const parallel = await interleave(
    mapValues(
      peers,
      ({ ask }) =>
        () =>
          perSecond(ask, DATA, MANY, IN_FLIGHT),
    ),
    {
      rounds: reporter.times(30),
      warmUp: 5,
      onRound: (round) => reporter.progress(`${IN_FLIGHT} at once ${round}`),
    },
  )
  for (const [name, label] of Object.entries(PEERS)) {
    if (name === 'kit') continue
    reporter.compare({
      what: `${IN_FLIGHT} in flight`,
      unit: 'requests/s',
      ours: parallel['kit'] ?? [],
      peer: { name: label, samples: parallel[name] ?? [] },
      goals:
        name === 'vscode-jsonrpc'
          ? [
              { of: 'ratio', atLeast: 2.5 },
              { of: 'median', atLeast: 30_000 },
            ]
          : [],
    })
  }
  for (const { close } of [echo, ...Object.values(peers)]) close()
  reporter.note(
    'Every server is a process of its own and gives back what it is given. The kit is the only one with deadlines, limits, cancellation and back-pressure switched on; the protocol of node-ipc has not even ids, so it is what little a framed echo takes.',
  )
}

/**
 * @template Value, Result
 * @param {Record<string, Value>} record @param {(value: Value) => Result} change
 * @returns {Record<string, Result>}
 */
function mapValues(record, change) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
