import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceRegistry } from '@cli-ops/shared-ipc'
import { quantile } from '../harness/statistics.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'Finding who is running'

const COUNT = 1000

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const home = join(temporaryFolder(), 'home')
  const registry = new ServiceRegistry({ home })
  await registry.register('bench', { version: '1.0.0', color: 'red' })
  const [own] = readdirSync(join(home, 'registry'))
  const pids = await startProcesses(COUNT)
  /** @type {[number, number][]} */
  const growth = []
  let written = 0
  for (const count of [1, 10, 100, 300, COUNT]) {
    reporter.progress(`${count} instances`)
    for (; written < count; written += 1) writeRecord(home, own ?? '', pids[written] ?? 0, written)
    const samples = await discoverOften(reporter, registry, count, 30)
    const sorted = samples.map(({ wallMs }) => wallMs).sort((a, b) => a - b)
    growth.push([count, quantile(sorted, 0.5)])
  }
  reporter.plot({
    name: 'instances',
    title: 'Instances, each a process of its own',
    x: { label: 'instances', log: true },
    y: { label: 'ms for discover()', log: true },
    series: [{ name: 'discover()', points: growth }],
  })
  reporter.note(
    'Instances: O(n), one stat file of the kernel and one record for each. A filter by name reads only the records of that name.',
  )

  const live = await discoverOften(reporter, registry, COUNT, 100)
  reporter.figure({
    what: `discover() among ${COUNT} live instances`,
    unit: 'ms',
    ours: live.map(({ wallMs }) => wallMs),
    goals: [{ of: 'median', atMost: 20 }],
    note: 'as many processes',
  })
  reporter.figure({
    what: 'CPU time of that, which other load does not stretch',
    unit: 'ms',
    ours: live.map(({ cpuMs }) => cpuMs),
  })

  const named = []
  for (let count = 0; count < reporter.times(100); count += 1) {
    const started = performance.now()
    await registry.discover({ name: 'cli-7' })
    named.push(performance.now() - started)
  }
  reporter.figure({ what: 'discover() of one name among them', unit: 'ms', ours: named })

  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await untilGone(pids)
  const started = performance.now()
  const left = await registry.discover()
  reporter.figure({
    what: `instances shown after ${COUNT} were killed`,
    unit: '',
    ours: [left.length],
    goals: [{ of: 'max', atMost: 0 }],
  })
  reporter.figure({
    what: 'that discover(), which removes what they left',
    unit: 'ms',
    ours: [performance.now() - started],
  })
  rmSync(home, { recursive: true, force: true })
}

/**
 * @param {import('../harness/report.mjs').Reporter} reporter @param {ServiceRegistry} registry
 * @param {number} expected @param {number} times
 */
async function discoverOften(reporter, registry, expected, times) {
  const samples = []
  for (let count = 0; count < reporter.times(times); count += 1) {
    const cpu = process.cpuUsage()
    const started = performance.now()
    const services = await registry.discover()
    const wallMs = performance.now() - started
    const { user, system } = process.cpuUsage(cpu)
    samples.push({ wallMs, cpuMs: (user + system) / 1000 })
    if (services.length !== expected) throw new Error(`found ${services.length} of ${expected}`)
  }
  return samples
}

/** Real processes, but small ones. @param {number} count @returns {Promise<number[]>} */
async function startProcesses(count) {
  const script = `for i in $(seq ${count}); do sleep 600 & echo $!; done; wait`
  const shell = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  for await (const chunk of shell.stdout) {
    output += String(chunk)
    if (output.split('\n').length > count) break
  }
  const pids = output.trim().split('\n').map(Number)
  process.on('exit', () => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has already gone.
      }
    }
    shell.kill('SIGKILL')
  })
  return pids
}

/**
 * Writes the record that the process itself would have written. @param {string} home @param {string} own @param
 * {number} pid @param {number} index
 */
function writeRecord(home, own, pid, index) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  const instance = index.toString(16).padStart(12, '0')
  const name = `cli-${index % 40}`
  const identity = (own.split('~')[2] ?? '').replace(
    /^p\d+\.t\d+\.s\d+/u,
    `p${pid}.t${pid}.s${start}`,
  )
  mkdirSync(join(home, 'registry'), { recursive: true })
  const record = {
    name,
    instance,
    pid,
    version: '1.0.0',
    startedAt: Date.now(),
    metadata: { color: 'red' },
  }
  writeFileSync(
    join(home, 'registry', `${name}~${instance}~${identity}`),
    `${JSON.stringify(record)}\n`,
  )
}

/** @param {readonly number[]} pids */
async function untilGone(pids) {
  const isRunning = (/** @type {number} */ pid) => {
    try {
      return !/\) [ZX] /u.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
    } catch {
      return false
    }
  }
  while (pids.some(isRunning)) await sleep(20)
}
