import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { EventBus } from '@cli-ops/shared-ipc'
import { interleave } from '../harness/interleave.mjs'
import { startOwnServer } from '../harness/own-server.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'Storing and replaying events'

/** The kit stores more than the peers, so that all take about as long. */
const EVENTS = 40_000
const FEW = 4_000
const FILES = 1_000
const IN_A_TICK = 100

/**
 * @typedef {Record<string, () => Promise<number>>} Measurements Each resolves to events/s: `one` stores one after the
 *   other, `many` a hundred at a time, `replay` reads from the beginning, `pull` the same with a loop.
 */

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const folder = temporaryFolder()
  const port = await startOwnServer('redis-server', folder)
  if (port === undefined)
    reporter.couldNotRun('beside Redis streams', 'redis-server is not installed')
  const client = port === undefined ? undefined : await connectToRedis(port)
  const stores = {
    kit: await openKit(folder),
    files: openFiles(folder),
    redis: client === undefined ? {} : await openRedis(client),
  }
  const samples = await interleave(
    Object.fromEntries(
      Object.entries(stores).flatMap(([store, measurements]) =>
        Object.entries(measurements).map(([what, measure]) => [`${store} ${what}`, measure]),
      ),
    ),
    {
      rounds: reporter.times(20),
      onRound: (round) => reporter.progress(`stored and replayed ${round}`),
    },
  )
  client?.destroy()

  const rows = [
    { what: 'stored one after the other (emitSync)', key: 'one', atLeast: 50_000 },
    { what: `stored ${IN_A_TICK} in a tick (emit)`, key: 'many', atLeast: undefined },
    { what: 'replayed by on()', key: 'replay', atLeast: 200_000 },
    { what: 'replayed by for await', key: 'pull', atLeast: undefined },
  ]
  for (const { what, key, atLeast } of rows) {
    const row = { what, unit: 'events/s', ours: samples[`kit ${key}`] ?? [] }
    const goals = atLeast === undefined ? [] : [{ of: /** @type {const} */ ('median'), atLeast }]
    const peers = [
      { name: 'Redis streams, node-redis', samples: samples[`redis ${key}`] },
      { name: 'a file for each event', samples: samples[`files ${key}`] },
    ].flatMap(({ name, samples: theirs }) => (theirs ? [{ name, samples: theirs }] : []))
    for (const [index, peer] of peers.entries())
      reporter.compare({ ...row, peer, goals: index === 0 ? goals : [] })
    if (peers.length === 0) reporter.figure({ ...row, goals })
  }
  reporter.note(
    'One process, rate limit off. The kit writes to a file, and an event counts when the write has returned; Redis keeps its stream in memory.',
  )
}

/** @param {string} folder @returns {Promise<Measurements>} */
async function openKit(folder) {
  const full = new EventBus({ home: join(folder, 'full'), rateLimit: false })
  await inTicks(EVENTS, (n) => full.emit('bench:stored', { n }))
  /** @param {(bus: EventBus) => unknown} work */
  const inNewHome = async (work) => {
    const home = join(folder, 'home')
    const bus = new EventBus({ home, rateLimit: false })
    const result = await rate(EVENTS, () => work(bus))
    await bus.close()
    rmSync(home, { recursive: true })
    return result
  }
  return {
    one: () =>
      inNewHome((bus) => {
        for (let n = 0; n < EVENTS; n += 1) bus.emitSync('bench:stored', { n })
      }),
    many: () => inNewHome((bus) => inTicks(EVENTS, (n) => bus.emit('bench:stored', { n }))),
    replay: () => rate(EVENTS, () => replay(full)),
    pull: () => rate(EVENTS, () => pull(full)),
  }
}

/** @param {EventBus} bus @returns {Promise<void>} */
function replay(bus) {
  return new Promise((resolve) => {
    let seen = 0
    const count = () => {
      seen += 1
      if (seen !== EVENTS) return
      subscription.unsubscribe()
      resolve()
    }
    const subscription = bus.on('*', count, { from: 'earliest' })
  })
}

/** @param {EventBus} bus */
async function pull(bus) {
  let seen = 0
  for await (const { type } of bus.subscribe('*', { from: 'earliest' })) {
    if (type !== 'bench:stored') throw new TypeError(`an event that was never stored: ${type}`)
    seen += 1
    if (seen === EVENTS) return
  }
}

/** @param {string} port */
function connectToRedis(port) {
  return createClient({ url: `redis://127.0.0.1:${port}` }).connect()
}

/** @param {Awaited<ReturnType<typeof connectToRedis>>} client @returns {Promise<Measurements>} */
async function openRedis(client) {
  const add = (/** @type {string} */ key, /** @type {number} */ n) =>
    client.xAdd(key, '*', { event: envelope(n) })
  await inTicks(EVENTS, (n) => add('full', n))
  const readAll = () =>
    rate(EVENTS, async () => {
      let next = '-'
      for (let seen = 0; seen < EVENTS;) {
        const entries = (await client.xRange('full', next, '+', { COUNT: 512 })) ?? []
        for (const { message } of entries) JSON.parse(message['event'] ?? '')
        seen += entries.length
        next = `(${entries.at(-1)?.id}`
      }
    })
  return {
    async one() {
      await client.del('new')
      return rate(FEW, async () => {
        for (let n = 0; n < FEW; n += 1) await add('new', n)
      })
    },
    async many() {
      await client.del('new')
      return rate(FEW, () => inTicks(FEW, (n) => add('new', n)))
    },
    replay: readAll,
    pull: readAll,
  }
}

/** @param {string} folder @returns {Measurements} */
function openFiles(folder) {
  const write = (/** @type {string} */ directory) => {
    mkdirSync(directory)
    for (let n = 0; n < FILES; n += 1) writeFileSync(join(directory, `${n}.json`), envelope(n))
  }
  const full = join(folder, 'files')
  write(full)
  return {
    async one() {
      const directory = join(folder, 'new-files')
      const result = await rate(FILES, () => write(directory))
      rmSync(directory, { recursive: true })
      return result
    },
    replay: () =>
      rate(FILES, () => {
        for (const name of readdirSync(full)) JSON.parse(readFileSync(join(full, name), 'utf8'))
      }),
  }
}

/** Returns an event for a peer to store, as large as the kit's. @param {number} n */
function envelope(n) {
  return JSON.stringify({
    specversion: '1.0',
    id: `0af765191cd4-${n}`,
    source: '/cli-ops/bench/0af765191cd4',
    type: 'bench:stored',
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: { n },
  })
}

/** @param {number} events @param {() => unknown} work */
async function rate(events, work) {
  const started = performance.now()
  await work()
  return (events / (performance.now() - started)) * 1000
}

/** @param {number} events @param {(n: number) => Promise<unknown>} emit */
async function inTicks(events, emit) {
  for (let n = 0; n < events; n += IN_A_TICK) {
    await Promise.all(Array.from({ length: IN_A_TICK }, (_, index) => emit(n + index)))
  }
}
