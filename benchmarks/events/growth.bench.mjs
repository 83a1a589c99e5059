import { join } from 'node:path'
import { EventBus } from '@cli-ops/shared-ipc'
import { quantile } from '../harness/statistics.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'
import { openTransport } from './transport.mjs'

export const title = 'How the cost of events grows'

/** @typedef {[number, number][]} Points */

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  await withKeptEvents(reporter)
  await withSubscribers(reporter)
}

/** @param {import('../harness/report.mjs').Reporter} reporter */
async function withKeptEvents(reporter) {
  const home = join(temporaryFolder(), 'home')
  /** @type {{ ready: Points, first: Points, replay: Points }} */
  const points = { ready: [], first: [], replay: [] }
  const writer = new EventBus({ home, rateLimit: false })
  let kept = 0
  for (const count of [1, 10, 100, 1000, 10_000, 100_000]) {
    reporter.progress(`${count} kept events`)
    for (; kept < count; kept += 1) writer.emitSync('bench:kept', { n: kept })
    points.ready.push([count, await medianMs(reporter.times(40), () => subscribe(home))])
    points.replay.push([count, await medianMs(reporter.quick ? 1 : 3, () => replay(home))])
    points.first.push([count, await medianMs(reporter.times(40), () => emitFirst(home))])
  }
  await writer.close()
  reporter.plot({
    name: 'kept-events',
    title: 'Events in the log',
    x: { label: 'kept events', log: true },
    y: { label: 'ms', log: true },
    series: [
      { name: 'replay all', points: points.replay },
      { name: 'subscriber ready', points: points.ready },
      { name: 'first emit of a bus', points: points.first },
    ],
  })
  reporter.note(
    'Kept events: to subscribe is O(1), one look at the end of the newest segment; so is an emit, which never reads. The directory has at most about 17 segments, whatever is kept. A replay is O(n).',
  )
}

/** @param {string} home */
async function subscribe(home) {
  const bus = new EventBus({ home })
  const started = performance.now()
  await bus.on('*', () => undefined).ready
  const took = performance.now() - started
  await bus.close()
  return took
}

/** @param {string} home */
async function replay(home) {
  const bus = new EventBus({ home })
  const started = performance.now()
  const events = await bus.read('*')
  const took = performance.now() - started
  if (events.length === 0) throw new Error('nothing was kept')
  await bus.close()
  return took
}

/** @param {string} home */
async function emitFirst(home) {
  const bus = new EventBus({ home, rateLimit: false })
  const started = performance.now()
  bus.emitSync('bench:first', null)
  const took = performance.now() - started
  await bus.close()
  return took
}

/** @param {import('../harness/report.mjs').Reporter} reporter */
async function withSubscribers(reporter) {
  /** @type {{ first: Points, last: Points }} */
  const points = { first: [], last: [] }
  for (const count of [1, 2, 5, 10, 20]) {
    reporter.progress(`${count} subscribers`)
    const transport = await openTransport('kit', join(temporaryFolder(), 'home'), count)
    await transport.pace(20)
    const events = await transport.pace(reporter.times(100), 10)
    await transport.close()
    if (events.some(({ length }) => length !== count)) throw new Error('an event was lost')
    points.first.push([count, median(events.map((delays) => Math.min(...delays)))])
    points.last.push([count, median(events.map((delays) => Math.max(...delays)))])
  }
  reporter.plot({
    name: 'subscribers',
    title: 'Subscribers, each a process of its own',
    x: { label: 'subscribers' },
    y: { label: 'ms from the emit to the handler, median' },
    series: [
      { name: 'the last one', points: points.last },
      { name: 'the first one', points: points.first },
    ],
  })
  reporter.note(
    'Subscribers: an emit is O(1), since a writer does not know its readers; each reader does its own reading, so the last of n hears after n ÷ cores turns.',
  )
}

/** @param {number} times @param {() => Promise<number>} measure */
async function medianMs(times, measure) {
  const samples = []
  for (let count = 0; count < times; count += 1) samples.push(await measure())
  return median(samples)
}

/** @param {readonly number[]} samples */
function median(samples) {
  return quantile(
    [...samples].sort((a, b) => a - b),
    0.5,
  )
}
