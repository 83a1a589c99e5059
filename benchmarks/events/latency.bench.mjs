import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { interleave } from '../harness/interleave.mjs'
import { startOwnServer } from '../harness/own-server.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { openTransport } from './transport.mjs'

export const title = 'From an emit to the handler in another process'

const EVENTS_A_ROUND = 25
const WHAT = 'emit → handler in another process'

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const transports = await openTransports(reporter)
  const samples = await interleave(
    Object.fromEntries(
      transports.map(({ name, transport }) => [name, () => transport.pace(EVENTS_A_ROUND)]),
    ),
    {
      rounds: reporter.times(40),
      onRound: (round) => reporter.progress(`paced events ${round}`),
    },
  )
  await Promise.all(transports.map(({ transport }) => transport.close()))

  const kit = (samples['kit'] ?? []).flat()
  if (kit.some(({ length }) => length !== 1)) throw new Error('an event of the kit was lost')
  reporter.figure({
    what: WHAT,
    unit: 'ms',
    ours: kit.flat(),
    goals: [
      { of: 'median', atMost: 0.5 },
      { of: 'p99', atMost: 5 },
    ],
  })
  for (const { name, label, isGoal } of transports.slice(1)) {
    const theirs = (samples[name] ?? []).flat()
    const pairs = theirs.flatMap(([delay], index) =>
      delay === undefined ? [] : [[kit[index]?.[0] ?? NaN, delay]],
    )
    const lost = theirs.length - pairs.length
    reporter.compare({
      what: WHAT,
      unit: 'ms',
      ours: pairs.map(([ours = NaN]) => ours),
      peer: { name: label, samples: pairs.map(([, delay = NaN]) => delay) },
      goals: isGoal ? [{ atMost: 1 }] : [],
      ...(lost > 0 && { note: `${lost} of ${theirs.length} events never came by the peer` }),
    })
  }
  reporter.note(
    'One event every 2 ms. The kit stores the event on disk before the handler hears of it; Redis pub/sub and NATS store nothing.',
  )
}

/** @param {import('../harness/report.mjs').Reporter} reporter */
async function openTransports(reporter) {
  const folder = temporaryFolder()
  const places = {
    kit: join(folder, 'home'),
    redis: await startOwnServer('redis-server', folder),
    nats: await startOwnServer('nats-server', folder),
    files: join(folder, 'files'),
  }
  mkdirSync(places.files)
  for (const [name, place] of Object.entries(places)) {
    if (place === undefined)
      reporter.couldNotRun(`${WHAT}: ${name}`, `${name}-server is not installed`)
  }
  const known = [
    { name: 'kit', label: 'the kit', place: places.kit, isGoal: false },
    { name: 'redis-client', label: 'Redis pub/sub, node-redis', place: places.redis, isGoal: true },
    {
      name: 'redis-socket',
      label: 'Redis pub/sub, bare sockets',
      place: places.redis,
      isGoal: false,
    },
    { name: 'nats-client', label: 'NATS, its client', place: places.nats, isGoal: false },
    { name: 'nats-socket', label: 'NATS, bare sockets', place: places.nats, isGoal: false },
    {
      name: 'chokidar',
      label: 'chokidar, a file for each event',
      place: places.files,
      isGoal: false,
    },
  ]
  const open = []
  for (const { name, label, place, isGoal } of known) {
    if (place === undefined) continue
    open.push({ name, label, isGoal, transport: await openTransport(name, place) })
  }
  return open
}
