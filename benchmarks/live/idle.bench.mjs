import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startReadyChild } from '../harness/ready-child.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'Wake-ups of what only waits'

const BLOCKING = fileURLToPath(new URL('blocking-child.mjs', import.meta.url))
const CHILD = fileURLToPath(new URL('idle-child.mjs', import.meta.url))
const BIN = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
/** V8 collects a start's garbage, on all of its threads, about 8 s after a process or a thread began to idle. */
const SETTLE_MS = 20_000
/**
 * What is watched, in start order: of two, the second waits behind the first. They share a home, where the server is
 * registered: a process that may have to report its death checks more often than one that is alone.
 */
const OURS = [
  ['subscriber', 'a subscriber', 'alone'],
  ['subscriber', 'a subscriber beside a server'],
  ['consumer', 'the consumer of a group'],
  ['consumer', 'the one that stands by'],
  ['server', 'a server of requests'],
  ['watch', 'who watches the registry'],
  ['waiter', 'the first waiter for a lock'],
  ['waiter', 'the second waiter'],
]

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  if (process.platform !== 'linux') {
    reporter.couldNotRun('wake-ups', 'they are read from /proc')
    return
  }
  /** @type {(() => void)[]} */
  const ends = []
  try {
    await measure(reporter, ends)
  } finally {
    for (const end of ends) end()
  }
}

/**
 * @param {import('../harness/report.mjs').Reporter} reporter
 * @param {(() => void)[]} ends what ends the programs that it starts
 */
async function measure(reporter, ends) {
  const folder = temporaryFolder()
  const home = join(folder, 'home')
  // Where the kit creates its sockets.
  process.env['XDG_RUNTIME_DIR'] = join(folder, 'run')
  mkdirSync(process.env['XDG_RUNTIME_DIR'], { mode: 0o700 })
  /** @type {{ what: string, pid: number, atMost?: number }[]} */
  const idle = []
  for (const lock of ['idle', 'idle-blocking']) {
    const holder = await startReadyChild(CHILD, ['holder', home, lock])
    ends.push(() => holder.kill('SIGKILL'))
  }
  for (const [name = '', what = '', place = 'home'] of OURS) {
    const child = await startReadyChild(CHILD, [name, join(folder, place)])
    ends.push(() => child.kill('SIGKILL'))
    idle.push({ what, pid: child.pid ?? 0, atMost: 1 })
  }
  for (const what of ['a waiter that blocks, the first', 'the second that blocks']) {
    const child = await startReadyChild(BLOCKING, [home, 'idle-blocking'])
    ends.push(() => child.kill('SIGKILL'))
    idle.push({ what, pid: child.pid ?? 0, atMost: 1 })
  }
  const env = { ...process.env, CLI_OPS_HOME: home }
  const dashboard = spawn(process.execPath, [BIN, 'dashboard'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  ends.push(() => dashboard.kill('SIGKILL'))
  await once(dashboard.stdout, 'data')
  idle.push({ what: 'a dashboard that nobody looks at', pid: dashboard.pid ?? 0, atMost: 1 })
  for (const peer of peers(folder)) {
    ends.push(peer.end)
    idle.push(peer)
  }
  await sleep(SETTLE_MS)
  const seconds = reporter.quick ? 5 : 30
  const before = idle.map(({ pid }) => wakeUps(pid))
  await sleep(seconds * 1000)
  const after = idle.map(({ pid }) => wakeUps(pid))
  for (const [index, { what, atMost }] of idle.entries()) {
    reporter.figure({
      what,
      unit: 'wake-ups/s',
      ours: [((after[index] ?? NaN) - (before[index] ?? NaN)) / seconds],
      goals: atMost === undefined ? [] : [{ of: 'median', atMost }],
    })
  }
  reporter.note(
    `Voluntary context switches of all threads of a process over ${seconds} s, while nothing happens.`,
  )
}

/** Returns other programs that wait for a file or a lock. @param {string} folder */
function* peers(folder) {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  if (hasProgram('tail')) yield started('to compare: tail -f', 'tail', ['-f', file])
  if (!hasProgram('flock')) return
  yield started('to compare: the holder of a flock', 'flock', ['--no-fork', file, 'sleep', '600'])
  while (spawnSync('flock', ['--nonblock', file, 'true']).status === 0);
  yield started('to compare: a waiter for a flock', 'flock', ['--no-fork', file, 'true'])
}

/** @param {string} what @param {string} program @param {readonly string[]} args */
function started(what, program, args) {
  const child = spawn(program, args, { stdio: 'ignore' })
  return { what, pid: child.pid ?? 0, end: () => void child.kill('SIGKILL') }
}

/** @param {string} program */
function hasProgram(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
}

/** Counts how often a process's threads have gone to sleep and been woken. @param {number} pid */
function wakeUps(pid) {
  let sum = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8')
    sum += Number(/^voluntary_ctxt_switches:\s+(\d+)$/mu.exec(status)?.[1] ?? 0)
  }
  return sum
}
