import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createCoordinator, LockManager } from '@cli-ops/shared-ipc'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'Watching'

const BIN = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
const LOCK_COUNTS = [0, 10, 100]
/** `getconf CLK_TCK` reports it on every Linux. */
const TICK_MS = 10

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const home = join(temporaryFolder(), 'home')
  const dashboard = await startDashboard(home)
  const ops = createCoordinator({ name: 'bench', home })
  try {
    await measureDelays(reporter, dashboard, ops)
    await measureIdle(reporter, dashboard.pid)
  } finally {
    dashboard.end()
    await ops.close()
  }
  await measureLooks(reporter, join(temporaryFolder(), 'home'))
  rmSync(home, { recursive: true, force: true })
}

/**
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {Awaited<ReturnType<typeof startDashboard>>} dashboard
 * @param {import('@cli-ops/shared-ipc').Coordinator} ops
 */
async function measureDelays(reporter, dashboard, ops) {
  /** @type {number[]} */
  const locks = []
  /** @type {number[]} */
  const events = []
  await dashboard.seen(() => true)
  for (let round = 0; round < reporter.times(200); round += 1) {
    // At a random point of the program's own rhythm.
    await sleep(150 + Math.random() * 200)
    const resource = `resource-${round}`
    const shown = dashboard.seen(({ locks: list }) =>
      list.some((lock) => lock.resource === resource),
    )
    let started = performance.now()
    const lock = await ops.locks.lock(resource)
    locks.push((await shown) - started)
    await lock.release()
    await sleep(150 + Math.random() * 200)
    const told = dashboard.seen(({ events: list }) =>
      list.some(({ data }) => data.includes(`"${resource}"`)),
    )
    started = performance.now()
    await ops.events.emit('task:deleted', { id: resource })
    events.push((await told) - started)
  }
  const goals = /** @type {const} */ ([{ of: 'p99', atMost: 250 }])
  reporter.figure({
    what: 'a lock is taken → the page is told',
    unit: 'ms',
    ours: locks,
    goals: [...goals],
  })
  reporter.figure({
    what: 'an event → the page is told',
    unit: 'ms',
    ours: events,
    goals: [...goals],
  })
}

/** @param {import('../harness/report.mjs').Reporter} reporter @param {number} pid */
async function measureIdle(reporter, pid) {
  const shares = []
  for (let round = 0; round < reporter.times(10); round += 1) {
    const before = cpuMs(pid)
    await sleep(2000)
    shares.push(((cpuMs(pid) - before) / 2000) * 100)
  }
  reporter.figure({
    what: 'the dashboard while nothing happens, of one processor',
    unit: '%',
    ours: shares,
  })
}

/** @param {import('../harness/report.mjs').Reporter} reporter @param {string} home */
async function measureLooks(reporter, home) {
  const locks = new LockManager({ home })
  let held = 0
  for (const count of LOCK_COUNTS) {
    for (; held < count; held += 1) await locks.lock(`resource-${held}`)
    const costs = []
    for (let round = 0; round < reporter.times(200); round += 1) {
      const before = process.cpuUsage()
      for (const info of await locks.list()) void info.waiters
      const { user, system } = process.cpuUsage(before)
      costs.push((user + system) / 1000)
    }
    reporter.figure({ what: `CPU of one look at ${count} held locks`, unit: 'ms', ours: costs })
  }
  await locks.close()
}

/** @param {string} home */
async function startDashboard(home) {
  const env = { ...process.env, CLI_OPS_HOME: home }
  const child = spawn(process.execPath, [BIN, 'dashboard', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [line] = await once(child.stdout, 'data')
  const url = new URL(JSON.parse(String(line)).url)
  const token = new URLSearchParams(url.hash.slice(1)).get('token')
  const headers = { Authorization: `Bearer ${token}` }
  const response = await fetch(`${url.origin}/api/live`, { headers })
  /** @type {(snapshot: any) => void} */
  let take = () => undefined
  const read = async () => {
    let text = ''
    for await (const chunk of /** @type {any} */ (response.body)) {
      text += Buffer.from(chunk).toString()
      const messages = text.split('\n\n')
      text = messages.pop() ?? ''
      for (const message of messages) take(JSON.parse(message.slice('data: '.length)))
    }
  }
  read().catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    /**
     * Resolves to the instant at which the page received it.
     *
     * @param {(snapshot: { locks: { resource: string }[], events: { data: string }[] }) => boolean} isWanted
     * @returns {Promise<number>}
     */
    seen: (isWanted) =>
      new Promise((resolve) => {
        take = (snapshot) => {
          if (isWanted(snapshot)) resolve(performance.now())
        }
      }),
    end: () => child.kill('SIGINT'),
  }
}

/** @param {number} pid */
function cpuMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
