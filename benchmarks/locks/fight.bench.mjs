import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { now, toMs, withLockWorkers } from './lock-workers.mjs'

export const title = 'Fighting for one lock'

/** When a turn was entered and left, on the clock that all processes share, in nanoseconds. @typedef {[string, string]} Turn */

const CROWDS = [3, 4, 8]
const WORK_MS = [0, 2]
/** If a lock is free for longer than this while a process wants it, a poll noticed it, not a hint. */
const GAP_MS = 30
const FLOCK = fileURLToPath(new URL('flock-worker.py', import.meta.url))

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const rounds = reporter.quick ? 1 : 3
  const seconds = 2
  for (const workMs of WORK_MS) {
    for (const crowd of CROWDS) {
      const what = `${crowd} processes, ${workMs === 0 ? 'empty turns' : `turns of ${workMs} ms`}`
      reporter.progress(what)
      const ours = []
      const flock = []
      for (let round = 0; round < rounds; round += 1) {
        ours.push(await fight(crowd, workMs, seconds))
        flock.push(await fightForFlock(crowd, workMs, seconds))
      }
      const longestMs = Math.max(...ours.map((fought) => fought.longestMs))
      reporter.figure({
        what: `${what}: share of the time in gaps > ${GAP_MS} ms`,
        unit: '%',
        ours: ours.map(({ gapShare }) => gapShare * 100),
        goals: [{ atMost: 1 }],
        note: `longest ${longestMs.toFixed(1)} ms; flock(2) ${(Math.max(...flock.map(({ gapShare }) => gapShare)) * 100).toFixed(1)} %`,
      })
      reporter.compare({
        what: `${what}, a second`,
        unit: 'turns/s',
        ours: ours.map(({ rate }) => rate),
        peer: { name: 'flock(2)', samples: flock.map(({ rate }) => rate) },
        ...(workMs > 0 && { goals: [{ atLeast: 0.9 }] }),
      })
    }
  }
}

/** @param {number} crowd @param {number} workMs @param {number} seconds */
async function fight(crowd, workMs, seconds) {
  return withLockWorkers(crowd, async (workers) => {
    const until = now() + BigInt(seconds) * 1_000_000_000n
    for (const worker of workers) worker.send('fight', { until: String(until), workMs })
    const turns = await Promise.all(workers.map((worker) => worker.next('fought')))
    return judge(turns.flat(), seconds)
  })
}

/** @param {number} crowd @param {number} workMs @param {number} seconds */
async function fightForFlock(crowd, workMs, seconds) {
  const file = join(temporaryFolder(), 'flock')
  const until = now() + BigInt(seconds) * 1_000_000_000n
  const turns = await Promise.all(
    Array.from({ length: crowd }, async () => {
      const child = spawn('python3', [FLOCK, file, String(until), String(workMs)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      return /** @type {Turn[]} */ (JSON.parse(await text(child.stdout)))
    }),
  )
  return judge(turns.flat(), seconds)
}

/** @param {Turn[]} turns @param {number} seconds */
function judge(turns, seconds) {
  const inOrder = turns
    .map(([entered, left]) => ({ entered: BigInt(entered), left: BigInt(left) }))
    .sort((one, other) => (one.entered < other.entered ? -1 : 1))
  let idle = 0
  let longestMs = 0
  for (let index = 1; index < inOrder.length; index += 1) {
    const gapMs = toMs((inOrder[index]?.entered ?? 0n) - (inOrder[index - 1]?.left ?? 0n))
    longestMs = Math.max(longestMs, gapMs)
    if (gapMs > GAP_MS) idle += gapMs
  }
  return { gapShare: idle / (seconds * 1000), longestMs, rate: inOrder.length / seconds }
}
