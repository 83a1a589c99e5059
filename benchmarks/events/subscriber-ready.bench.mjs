import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { EventBus } from '@cli-ops/shared-ipc'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'A new subscriber beside what is kept'

const KEPT = 10_000
const PROBE = fileURLToPath(new URL('ready-probe.mjs', import.meta.url))
const runFile = promisify(execFile)

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const folder = temporaryFolder()
  const places = { kit: join(folder, 'home'), chokidar: join(folder, 'files') }
  const bus = new EventBus({ home: places.kit, rateLimit: false })
  mkdirSync(places.chokidar)
  for (let n = 0; n < KEPT; n += 1) {
    bus.emitSync('bench:kept', { n })
    writeFileSync(join(places.chokidar, `bench-${n}.json`), JSON.stringify({ n }))
  }
  await bus.close()
  /** @type {Record<keyof places, number[]>} */
  const watches = { kit: [], chokidar: [] }
  const probe = (/** @type {keyof places} */ kind) => async () => {
    const { stdout } = await runFile(process.execPath, [PROBE, kind, places[kind]])
    const found = JSON.parse(stdout)
    watches[kind].push(found.watches)
    return found.readyMs
  }
  const ready = await interleave(
    { kit: probe('kit'), chokidar: probe('chokidar') },
    {
      rounds: reporter.times(10),
      warmUp: 1,
      onRound: (round) => reporter.progress(`fresh processes ${round}`),
    },
  )
  reporter.compare({
    what: `subscriber ready, ${KEPT.toLocaleString('en-US')} events kept`,
    unit: 'ms',
    ours: ready.kit,
    peer: { name: 'chokidar, a file for each event', samples: ready.chokidar },
    goals: [{ of: 'median', atMost: 20 }],
    note: 'in a fresh process that has loaded its modules',
  })
  if (process.platform !== 'linux') return
  reporter.compare({
    what: 'watches that it takes',
    unit: '',
    ours: watches.kit,
    peer: { name: 'chokidar', samples: watches.chokidar },
    goals: [{ of: 'max', atMost: 1 }],
  })
}
