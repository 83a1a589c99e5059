import { now, withLockWorkers } from './lock-workers.mjs'

export const title = 'Taking turns'

/** @typedef {{ callBegan: string, callEnded: string, entered: string }} Turn */

const PROCESSES = 4

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const seconds = reporter.quick ? 1 : 6
  reporter.progress(`${seconds} s`)
  /** @type {Turn[][]} */
  const turns = await withLockWorkers(PROCESSES, async (workers) => {
    const until = String(now() + BigInt(seconds) * 1_000_000_000n)
    for (const worker of workers) worker.send('contend', { until })
    return Promise.all(workers.map((worker) => worker.next('contended')))
  })
  const counts = turns.map(({ length }) => length)
  reporter.figure({
    what: `${PROCESSES} processes for ${seconds} s, turns of the most ÷ of the fewest`,
    unit: '',
    ours: [Math.max(...counts) / Math.min(...counts)],
    goals: [{ atMost: 1.2 }],
    note: `turns: ${counts.join(', ')}`,
  })
  reporter.figure({
    what: 'turns out of the order of arrival',
    unit: '',
    ours: [overtakings(turns.flat())],
    goals: [{ atMost: 0 }],
  })
}

/**
 * Counts the turns that began before another process's turn whose call had returned, ticket included, before theirs
 * began. @param {Turn[]} turns
 */
function overtakings(turns) {
  const lastFirst = turns.sort((one, other) =>
    BigInt(one.entered) < BigInt(other.entered) ? 1 : -1,
  )
  /** @type {bigint | undefined} */
  let earliest
  let count = 0
  for (const { callBegan, callEnded } of lastFirst) {
    if (earliest !== undefined && earliest < BigInt(callBegan)) count += 1
    if (earliest === undefined || BigInt(callEnded) < earliest) earliest = BigInt(callEnded)
  }
  return count
}
