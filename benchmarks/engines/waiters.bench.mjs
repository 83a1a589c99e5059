import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { LockManager } from '@cli-ops/shared-ipc'
import { startOwnServer } from '../harness/own-server.mjs'
import { startReadyChild } from '../harness/ready-child.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { startPostgres } from '../postgres/start-postgres.mjs'
import { startServer } from '../websocket/start-server.mjs'

export const title = 'How a turn grows with the waiters, on engines'

const WORKER = fileURLToPath(new URL('waiting-child.mjs', import.meta.url))
const WAITERS = [10, 30, 100, 300, 1000]
const [FEW, MANY] = [10, 1000]
const PROCESSES = 4

/** @typedef {{ url: string, stop?: () => void }} Engine */

/** @type {Record<string, () => Promise<Engine | undefined>>} `undefined` if it is not installed */
const ENGINES = {
  Redis: () => ownServer('redis-server', 'redis'),
  PostgreSQL: startPostgres,
  NATS: () => ownServer('nats-server', 'nats'),
  'a hub': async () => {
    const secret = randomUUID()
    process.env['CLI_OPS_TOKEN'] = secret
    return startServer('hub', secret)
  },
}

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  /** @type {import('../harness/report.mjs').Series[]} */
  const series = []
  for (const [name, start] of Object.entries(ENGINES)) {
    const engine = await start()
    if (engine === undefined) {
      reporter.couldNotRun(name, 'it is not installed')
      continue
    }
    /** @type {Map<number, number[]>} */
    const samples = new Map()
    for (let round = 0; round < (reporter.quick ? 1 : 3); round += 1) {
      for (const waiters of WAITERS) {
        reporter.progress(`${name}: ${waiters} waiters`)
        samples.set(waiters, [
          ...(samples.get(waiters) ?? []),
          await millisecondsEach(engine.url, waiters),
        ])
      }
    }
    series.push({ name, points: WAITERS.map((count) => [count, median(samples.get(count) ?? [])]) })
    reporter.compare({
      what: `${name}: a turn with ${MANY} waiting`,
      unit: 'ms',
      ours: samples.get(MANY) ?? [],
      peer: { name: `with ${FEW}`, samples: samples.get(FEW) ?? [] },
      goals: [{ atMost: 1.5 }],
    })
    engine.stop?.()
  }
  reporter.plot({
    name: 'waiters',
    title: 'Release to release, by the number of waiters',
    x: { label: `waiters, in ${PROCESSES} processes`, log: true },
    y: { label: 'ms a turn' },
    series,
  })
}

/** @param {'redis-server' | 'nats-server'} program @param {string} scheme */
async function ownServer(program, scheme) {
  const port = await startOwnServer(program, temporaryFolder())
  return port === undefined ? undefined : { url: `${scheme}://127.0.0.1:${port}` }
}

/** Gives each waiter an empty turn, one after the other. @param {string} url @param {number} waiters */
async function millisecondsEach(url, waiters) {
  const home = temporaryFolder()
  const locks = new LockManager({ url, home })
  const lock = await locks.lock('db')
  const counts = Array.from({ length: PROCESSES }, (_, index) =>
    String(Math.ceil((waiters - index) / PROCESSES)),
  )
  const children = await Promise.all(
    counts.map((count) => startReadyChild(WORKER, [url, home, count])),
  )
  while ((await locks.inspect('db'))?.waiting.length !== waiters);
  const ends = children.map(
    (child) =>
      new Promise((resolve, reject) => {
        child.once('message', resolve)
        child.once('exit', () => reject(new Error('a process with waiters ended')))
      }),
  )
  const began = performance.now()
  await lock.release()
  await Promise.all(ends)
  const took = performance.now() - began
  for (const child of children) if (child.connected) child.disconnect()
  await locks.close()
  return took / waiters
}

/** @param {readonly number[]} samples */
function median(samples) {
  return samples.toSorted((one, other) => one - other)[Math.floor(samples.length / 2)] ?? NaN
}
