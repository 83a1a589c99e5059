import { closeSync, openSync, writeFileSync } from 'node:fs'
import * as nodeFs from 'node:fs'
import { join } from 'node:path'
import { LockManager } from '@cli-ops/shared-ipc'
import properLockfile from 'proper-lockfile'
import { interleave } from '../harness/interleave.mjs'
import { temporaryFolder } from '../harness/temporary-folder.mjs'

export const title = 'Taking and giving back a free lock'

const CYCLES = 100
/** proper-lockfile marks the object that it receives. */
const fs = { ...nodeFs }

/** @param {import('../harness/report.mjs').Reporter} reporter */
export async function run(reporter) {
  const home = temporaryFolder()
  const file = join(home, 'file')
  writeFileSync(file, '')
  const locks = new LockManager({ home })
  const flock = await loadFlock(reporter)
  const samples = await interleave(
    {
      sync: () => microsecondsEachSync(() => locks.tryLockSync('db')?.releaseSync()),
      properSync: () => microsecondsEachSync(() => properLockfile.lockSync(file)()),
      plainSync: () => microsecondsEachSync(() => properLockfile.lockSync(file, { fs })()),
      async: () => microsecondsEach(() => locks.acquire('db', () => undefined)),
      proper: () => microsecondsEach(async () => (await properLockfile.lock(file))()),
      plain: () => microsecondsEach(async () => (await properLockfile.lock(file, { fs }))()),
      flock: () => microsecondsEachSync(() => flock?.(file)),
    },
    {
      rounds: reporter.times(60),
      warmUp: 4,
      onRound: (round) => reporter.progress(`round ${round}`),
    },
  )
  const goals = [{ atMost: 0.8 }]
  const what = { sync: 'tryLockSync and releaseSync', async: 'acquire with a callback' }
  const add = (
    /** @type {'sync' | 'async'} */ ours,
    /** @type {string} */ name,
    /** @type {keyof typeof samples} */ theirs,
    /** @type {{ atMost: number }[]} */ limits,
  ) =>
    reporter.compare({
      what: what[ours],
      unit: 'µs',
      ours: samples[ours],
      peer: { name, samples: samples[theirs] },
      goals: limits,
    })
  add('sync', 'proper-lockfile lockSync', 'properSync', goals)
  add('async', 'proper-lockfile lock', 'proper', goals)
  add('sync', 'proper-lockfile lockSync on plain fs', 'plainSync', [])
  add('async', 'proper-lockfile lock on plain fs', 'plain', [])
  if (flock === undefined) return
  add('sync', 'kernel flock', 'flock', [])
  reporter.note(
    'Kernel flock is open, flock and close: the limit. It has no queue, names no holder and gives no fencing token.',
  )
}

/** @param {import('../harness/report.mjs').Reporter} reporter */
async function loadFlock(reporter) {
  try {
    // @ts-expect-error it has no types
    const { tryLock, unlock } = (await import('fs-native-extensions')).default
    return (/** @type {string} */ file) => {
      const descriptor = openSync(file, 'r+')
      tryLock(descriptor)
      unlock(descriptor)
      closeSync(descriptor)
    }
  } catch (error) {
    reporter.couldNotRun('kernel flock', `fs-native-extensions does not load: ${String(error)}`)
    return undefined
  }
}

/** @param {() => unknown} cycle */
function microsecondsEachSync(cycle) {
  const began = performance.now()
  for (let count = 0; count < CYCLES; count += 1) cycle()
  return ((performance.now() - began) / CYCLES) * 1000
}

/** @param {() => Promise<unknown>} cycle */
async function microsecondsEach(cycle) {
  const began = performance.now()
  for (let count = 0; count < CYCLES; count += 1) await cycle()
  return ((performance.now() - began) / CYCLES) * 1000
}
