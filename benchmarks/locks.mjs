// Locks beside proper-lockfile, in the same run: `node benchmarks/locks.mjs` after `npm run build -- --js-only`.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LockManager } from '@cli-ops/shared-ipc'
import properLockfile from 'proper-lockfile'

const SELF = fileURLToPath(import.meta.url)
const now = () => process.hrtime.bigint()
const toMs = (ns) => Number(ns) / 1e6
const sortedBy = (values) => [...values].sort((one, other) => one - other)
const quantile = (values, share) =>
  sortedBy(values)[Math.min(values.length - 1, Math.floor(values.length * share))]
const median = (values) => quantile(values, 0.5)
const shown = (ms) => `${ms.toFixed(ms < 10 ? 3 : 0)} ms`

/** A process that does as it is told; its answers carry the clock that all processes share. */
async function work() {
  const [home] = process.argv.slice(3)
  const locks = new LockManager({ home })
  let lock
  const tell = (message) => process.send(message)
  process.on('message', async ({ task, ...input }) => {
    if (task === 'lock') {
      let told = false
      const onWait = () => {
        if (!told) tell({ waiting: true })
        told = true
      }
      lock = await locks.lock(input.resource, { onWait })
      const granted = String(now())
      if (input.release) lock.releaseSync()
      tell({ granted })
    } else if (task === 'release') {
      const at = now()
      lock.releaseSync()
      tell({ released: String(at) })
    } else if (task === 'turns') {
      let turns = 0
      while (now() < BigInt(input.until)) {
        await locks.acquire('turns', () => new Promise((resolve) => setTimeout(resolve, 2)))
        turns += 1
      }
      tell({ turns })
    }
  })
  tell({ ready: true })
}

class Worker {
  constructor(home) {
    this.child = fork(SELF, ['worker', home])
    this.child.setMaxListeners(0)
    this.seen = []
    this.child.on('message', (message) => this.seen.push(message))
    this.ready = this.next('ready')
  }
  send(task, input = {}) {
    this.child.send({ task, ...input })
  }
  /** The next message with this member, also one that has come already. */
  async next(member) {
    for (;;) {
      const index = this.seen.findIndex((message) => member in message)
      if (index >= 0) return this.seen.splice(index, 1)[0][member]
      await once(this.child, 'message')
    }
  }
  async end() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await ended
  }
}

async function withWorkers(count, use) {
  const home = mkdtempSync(join(tmpdir(), 'cli-ops-bench-'))
  const workers = Array.from({ length: count }, () => new Worker(home))
  try {
    await Promise.all(workers.map((worker) => worker.ready))
    return await use(workers, home)
  } finally {
    await Promise.all(workers.map((worker) => worker.end()))
    rmSync(home, { recursive: true, force: true })
  }
}

/** Pairs of short rounds, so that noise hits both alike. */
async function uncontended() {
  const home = mkdtempSync(join(tmpdir(), 'cli-ops-bench-'))
  const file = join(home, 'file')
  writeFileSync(file, '')
  const locks = new LockManager({ home })
  const CYCLES = 200
  const measure = async (cycle) => {
    const began = performance.now()
    for (let index = 0; index < CYCLES; index += 1) await cycle()
    return (performance.now() - began) / CYCLES
  }
  const measureSync = (cycle) => {
    const began = performance.now()
    for (let index = 0; index < CYCLES; index += 1) cycle()
    return (performance.now() - began) / CYCLES
  }
  const rounds = { sync: [], properSync: [], async: [], properAsync: [] }
  for (let round = 0; round < 21; round += 1) {
    rounds.sync.push(measureSync(() => locks.tryLockSync('db').releaseSync()))
    rounds.properSync.push(measureSync(() => properLockfile.lockSync(file)()))
    rounds.async.push(await measure(() => locks.acquire('db', () => undefined)))
    rounds.properAsync.push(await measure(async () => (await properLockfile.lock(file))()))
  }
  rmSync(home, { recursive: true, force: true })
  const ratio = (ours, theirs) => median(ours.map((ms, index) => ms / theirs[index])).toFixed(2)
  return [
    [
      'uncontended cycle, sync',
      shown(median(rounds.sync)),
      shown(median(rounds.properSync)),
      ratio(rounds.sync, rounds.properSync),
      '<= 0.8',
    ],
    [
      'uncontended cycle, async',
      shown(median(rounds.async)),
      shown(median(rounds.properAsync)),
      ratio(rounds.async, rounds.properAsync),
      '<= 0.8',
    ],
  ]
}

async function handover() {
  const latencies = await withWorkers(3, async ([first, second, third]) => {
    const ms = []
    let [holder, next, last] = [first, second, third]
    holder.send('lock', { resource: 'db' })
    await holder.next('granted')
    next.send('lock', { resource: 'db' })
    await next.next('waiting')
    for (let round = 0; round < Number(process.env.ROUNDS ?? 300); round += 1) {
      last.send('lock', { resource: 'db' })
      await last.next('waiting')
      await new Promise((resolve) => setTimeout(resolve, 4))
      holder.send('release')
      const released = BigInt(await holder.next('released'))
      ms.push(toMs(BigInt(await next.next('granted')) - released))
      ;[holder, next, last] = [next, last, holder]
    }
    return ms
  })
  return [
    ['release -> next process inside, p50', shown(median(latencies)), '', '', '<= 2 ms'],
    ['… p99', shown(quantile(latencies, 0.99)), '', '', '<= 20 ms'],
  ]
}

async function takeover() {
  const ms = []
  for (let round = 0; round < Number(process.env.ROUNDS ?? 12); round += 1) {
    await withWorkers(9, async ([holder, ...waiters]) => {
      holder.send('lock', { resource: 'db' })
      await holder.next('granted')
      for (const waiter of waiters) {
        waiter.send('lock', { resource: 'db' })
        await waiter.next('waiting')
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
      const queue = [holder, ...waiters]
      // Each winner is killed in turn.
      for (let index = 0; index < waiters.length; index += 1) {
        const killed = now()
        queue[index].child.kill('SIGKILL')
        ms.push(toMs(BigInt(await queue[index + 1].next('granted')) - killed))
      }
    })
  }
  return [
    ['takeover after kill -9, 8 waiters, p50', shown(median(ms)), '', '', '<= 15 ms'],
    ['… p99', shown(quantile(ms, 0.99)), '', '', '<= 100 ms'],
  ]
}

async function fairness() {
  const turns = await withWorkers(4, async (workers) => {
    const until = String(now() + 6_000_000_000n)
    for (const worker of workers) worker.send('turns', { until })
    return Promise.all(workers.map((worker) => worker.next('turns')))
  })
  const ratio = Math.max(...turns) / Math.min(...turns)
  return [
    [
      `4 processes for 6 s: ${turns.join(', ')} turns, most / fewest`,
      ratio.toFixed(2),
      '',
      '',
      '<= 1.2',
    ],
  ]
}

/** All wait before the first one gets its turn, in an order that is known. */
async function crowd(count) {
  const home = mkdtempSync(join(tmpdir(), 'cli-ops-bench-'))
  const locks = new LockManager({ home })
  const lock = await locks.lock('db')
  const workers = []
  try {
    for (let index = 0; index < count; index += 1) {
      const worker = new Worker(home)
      workers.push(worker)
      await worker.ready
      worker.send('lock', { resource: 'db', release: true })
      await worker.next('waiting')
    }
    const began = now()
    await lock.release()
    const granted = await Promise.all(workers.map((worker) => worker.next('granted').then(BigInt)))
    const late = granted.filter((at, index) => index > 0 && at < granted[index - 1])
    const ms = toMs(granted.reduce((latest, at) => (at > latest ? at : latest)) - began)
    return [
      [
        `${count} waiting processes, one turn each, all done after`,
        shown(ms),
        '',
        '',
        `<= ${count * 3} ms`,
      ],
      ['… out of the order of arrival', String(late.length), '', '', '0'],
    ]
  } finally {
    await Promise.all(workers.map((worker) => worker.end()))
    rmSync(home, { recursive: true, force: true })
  }
}

if (process.argv[2] === 'worker') {
  await work()
} else {
  const only = process.argv[2]
  const rows = []
  for (const [name, run] of Object.entries({
    uncontended,
    handover,
    takeover,
    fairness,
    crowd: () => crowd(200),
  })) {
    if (only === undefined || only === name) rows.push(...(await run()))
  }
  for (const [what, ours, theirs, ratio, goal] of rows)
    console.log(
      [
        what.padEnd(64),
        ours.padStart(10),
        theirs.padStart(10),
        ratio.padStart(6),
        goal.padStart(9),
      ].join('  '),
    )
}
