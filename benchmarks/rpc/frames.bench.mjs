import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { microsecondsEach } from './ask-often.mjs'
import { openPeer } from './open-peer.mjs'

export const title = 'Large requests'

/** The kit refuses a message that exceeds 1 MiB with its envelope. */
const SIZES = { '10 kB': 10_000, '100 kB': 100_000, '300 kB': 300_000, '1 MB': 1_000_000 }

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const folder = temporaryFolder()
  const kit = await openPeer('kit', folder)
  const birpc = await openPeer('birpc', folder)
  for (const [label, bytes] of Object.entries(SIZES)) {
    const data = 'x'.repeat(bytes)
    const times = Math.max(4, Math.round(2_000_000 / bytes))
    const samples = await interleave(
      {
        kit: () => microsecondsEach(kit.ask, data, times),
        birpc: () => microsecondsEach(birpc.ask, data, times),
      },
      {
        rounds: reporter.times(60),
        warmUp: 5,
        onRound: (round) => reporter.progress(`${label} ${round}`),
      },
    )
    reporter.compare({
      what: `there and back with ${label}`,
      unit: 'µs',
      ours: samples.kit,
      peer: { name: 'birpc, JSON lines', samples: samples.birpc },
      goals: [{ atMost: 1.1 }],
    })
  }
  kit.close()
  birpc.close()
}
