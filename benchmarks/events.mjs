// Measures the event log: `npm run build -- --js-only && node benchmarks/events.mjs [rounds]`.
//
// Throughput is of one process with the rate limit off. Latency is from before the emit to the handler in another
// process, on the monotonic clock that both share, at a pace of one event in 2 ms; Redis pub/sub is measured in
// turns with it where a server listens on 127.0.0.1:6379, by two plain connections without a client library.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { EventBus } from '../packages/core/dist/index.js'

const PACED = 500
const EVENTS = 50_000
const REDIS = { host: '127.0.0.1', port: 6379 }

if (process.send === undefined) await main()
else await readInChild(process.argv[2] ?? '', process.argv[3] ?? '')

async function main() {
  const rounds = Number(process.argv[2] ?? 5)
  const redis = await isRedisUp()
  /** @type {Map<string, number[]>} */
  const series = new Map()
  /** @param {string} name @param {number} value */
  const note = (name, value) => void series.set(name, [...(series.get(name) ?? []), value])
  for (let round = 0; round < rounds; round += 1) {
    await inHome(async (home) => {
      const bus = new EventBus({ home, rateLimit: false, retentionMs: 3_600_000 })
      note('emitSync, events/s', await rate(() => emitAllSync(bus)))
      note('emit, 100 in a tick, events/s', await rate(() => emitAll(bus)))
      note('replay by on(), events/s', await rate(() => replay(bus), EVENTS * 2))
      note('replay by for await, events/s', await rate(() => iterate(bus), EVENTS * 2))
      const opened = performance.now()
      await bus.on('*', () => undefined).ready
      note(`subscriber ready, ${EVENTS * 2} events kept, ms`, performance.now() - opened)
      await bus.close()
    })
    for (const [name, value] of Object.entries(await logLatency()))
      note(`latency ${name}, ms`, value)
    if (!redis) continue
    for (const [name, value] of Object.entries(await redisLatency()))
      note(`latency ${name}, ms, Redis pub/sub`, value)
  }
  console.log(`medians of ${rounds} rounds [min..max]`)
  for (const [name, values] of series) {
    const sorted = values.sort((a, b) => a - b)
    const [low, mid, high] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map(format)
    console.log(`${name.padEnd(46)} ${String(mid).padStart(10)}  [${low}..${high}]`)
  }
  if (!redis) console.log('Redis pub/sub: no server on 127.0.0.1:6379')
}

/** @param {EventBus} bus */
function emitAllSync(bus) {
  for (let n = 0; n < EVENTS; n += 1) bus.emitSync('bench:sync', { n })
}

/** @param {EventBus} bus */
async function emitAll(bus) {
  for (let n = 0; n < EVENTS; n += 100) {
    const emits = []
    for (let i = n; i < n + 100; i += 1) emits.push(bus.emit('bench:batch', { n: i }))
    await Promise.all(emits)
  }
}

/** @param {EventBus} bus */
function replay(bus) {
  return /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      let seen = 0
      const count = () => {
        seen += 1
        if (seen !== EVENTS * 2) return
        subscription.unsubscribe()
        resolve()
      }
      const subscription = bus.on('*', count, { from: 'earliest' })
    })
  )
}

/** @param {EventBus} bus */
async function iterate(bus) {
  let seen = 0
  const events = bus.subscribe('*', { from: 'earliest' })
  for await (const { type } of events) {
    if (type === '') throw new TypeError('an event without a type')
    seen += 1
    if (seen === EVENTS * 2) return
  }
}

/** @param {() => unknown} work @param {number} events */
async function rate(work, events = EVENTS) {
  const started = performance.now()
  await work()
  return (events / (performance.now() - started)) * 1000
}

async function logLatency() {
  return inHome(async (home) => {
    const bus = new EventBus({ home, rateLimit: false })
    const result = await pace('log', home, (at) => void bus.emit('bench:paced', { at }))
    await bus.close()
    return result
  })
}

async function redisLatency() {
  const channel = `cli-ops-bench-${process.pid}`
  const socket = connect(REDIS).setNoDelay()
  const result = await pace('redis', channel, (at) => {
    socket.write(
      `*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${at.length}\r\n${at}\r\n`,
    )
  })
  socket.destroy()
  return result
}

/** @param {'log' | 'redis'} kind @param {string} place @param {(at: string) => void} send */
async function pace(kind, place, send) {
  const child = fork(fileURLToPath(import.meta.url), [kind, place])
  await once(child, 'message')
  const answered = once(child, 'message')
  const ended = once(child, 'exit')
  for (let n = 0; n < PACED; n += 1) {
    send(String(process.hrtime.bigint()))
    await sleep(2)
  }
  const [delays] = await answered
  const sorted = delays.sort((/** @type {number} */ a, /** @type {number} */ b) => a - b)
  await ended
  return { p50: sorted[sorted.length >> 1], p99: sorted[Math.floor(sorted.length * 0.99)] }
}

/** @param {string} kind @param {string} place */
async function readInChild(kind, place) {
  /** @type {number[]} */
  const delays = []
  /** @type {() => void} */
  let end = () => undefined
  /** @param {string} at */
  const seen = (at) => {
    delays.push(Number(process.hrtime.bigint() - BigInt(at)) / 1e6)
    if (delays.length === PACED) end()
  }
  if (kind === 'log') {
    const bus = new EventBus({ home: place, rateLimit: false })
    bus.on('bench:paced', (data) => seen(/** @type {{ at: string }} */ (data).at))
    end = () => void bus.close()
  } else {
    const socket = connect(REDIS).setNoDelay().setEncoding('latin1')
    socket.write(`SUBSCRIBE ${place}\r\n`)
    await once(socket, 'data')
    socket.on('data', (text) => {
      for (const [, at] of String(text).matchAll(/\r\n(\d{9,})\r\n/g)) seen(at ?? '0')
    })
    end = () => void socket.destroy()
  }
  const finish = end
  end = () => {
    finish()
    process.send?.(delays, () => process.disconnect())
  }
  process.send?.('ready')
}

/** @template T @param {(home: string) => Promise<T>} work */
async function inHome(work) {
  const home = mkdtempSync(join(tmpdir(), 'cli-ops-bench-'))
  try {
    return await work(home)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function isRedisUp() {
  const socket = connect(REDIS)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** @param {number | undefined} value */
function format(value = NaN) {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(3)
}
