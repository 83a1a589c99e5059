// Takes and releases locks in every way until it is killed, and ends with 1 if it meets a process that must not be
// inside: lock-worker.mjs <home> <directory of marks> <seed>
//
// Every process inside leaves a mark with its pid, created after the lock was taken and removed before it is released.
// A mark of a dead process comes from a kill. A mark of a live one is a proof.
import { readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LockManager } from '@cli-ops/shared-ipc'

const [home, marks, seed] = process.argv.slice(2)
const locks = new LockManager({ home })
const RESOURCES = ['one', 'two', 'three']

// mulberry32
let state = Number(seed)
function random(below) {
  state = (state + 0x6d2b79f5) | 0
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below)
}

function lives(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/u.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

function fail(message) {
  console.log(message)
  process.exit(1)
}

/** The work under the lock. */
function inside(lock, mode) {
  const directory = join(marks, lock.resource)
  const own = join(directory, `${mode}-${process.pid}`)
  writeFileSync(own, '')
  for (const name of readdirSync(directory)) {
    const [other, pid] = name.split('-')
    if (Number(pid) === process.pid || other === 'token') continue
    if (mode === 'shared' && other === 'shared') continue
    // Gone at the second look: it was on its way out.
    if (lives(pid) && readdirSync(directory).includes(name) && lives(pid))
      fail(`${process.pid} is inside "${lock.resource}" (${mode}) together with ${name}`)
  }
  if (mode === 'exclusive') {
    const last = join(directory, 'token')
    const before = BigInt(readText(last) || 0)
    if (lock.token <= before) fail(`token ${lock.token} came after ${before}`)
    writeFileSync(last, String(lock.token))
  }
  lock.assertHeld()
  unlinkSync(own)
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const ways = [
  (resource, mode) => locks.acquire(resource, (lock) => inside(lock, mode), { mode }),
  async (resource, mode) => {
    const lock = await locks.tryLock(resource, { mode })
    if (lock !== null) inside(lock, mode)
    await lock?.release()
  },
  (resource, mode) => {
    const lock = locks.tryLockSync(resource, { mode })
    if (lock !== null) inside(lock, mode)
    lock?.releaseSync()
  },
  async (resource, mode) => {
    const signal = AbortSignal.timeout(1 + random(10))
    const lock = await locks.lock(resource, { mode, signal }).catch(() => null)
    if (lock !== null) inside(lock, mode)
    await lock?.release()
  },
  async (resource, mode) => {
    const lock = await locks.lock(resource, { mode, timeoutMs: random(10) }).catch(() => null)
    if (lock !== null) inside(lock, mode)
    await lock?.release()
  },
  () => locks.cleanStaleLocks(),
]

process.send('ready')
for (;;) {
  const way = ways[random(ways.length)]
  try {
    await way(RESOURCES[random(RESOURCES.length)], random(3) === 0 ? 'shared' : 'exclusive')
  } catch (error) {
    fail(`${error.code ?? error.name}: ${error.message}`)
  }
}
