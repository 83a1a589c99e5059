import { type Lock, LockManager } from '@cli-ops/shared-ipc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isRefusal, takeLockNow } from '../../src/command/command-lock.js'
import { runWithLock } from '../../src/command/with-lock.js'
import { holdForProcess } from '../../src/locks/lock-flow.js'
import { temporaryHome } from '../fixtures/temporary-home.js'

type Work = () => Promise<unknown>
const RESOURCE = 'db'

let home: string
const managers: LockManager[] = []

beforeEach(() => {
  home = temporaryHome()
  process.env['CLI_OPS_HOME'] = home
})

afterEach(async () => {
  delete process.env['CLI_OPS_HOME']
  for (const manager of managers.splice(0)) await manager.close()
})

/** Each request comes from a new object: the place counts, not the object. */
function manager(): LockManager {
  const made = new LockManager(managers.length % 2 === 0 ? { home } : { url: 'local:' })
  managers.push(made)
  return made
}

async function under(lock: Lock | null, work: Work): Promise<unknown> {
  try {
    return await lock!.run(work)
  } finally {
    await lock!.release()
  }
}

/** A rule of the process's own command. */
async function underRule(work: Work): Promise<unknown> {
  const lock = takeLockNow({ home }, { resource: RESOURCE })
  if (lock === undefined || isRefusal(lock)) throw new Error('the lock was to be free')
  const end = holdForProcess(lock)
  try {
    return await work()
  } finally {
    end()
    lock.releaseSync()
  }
}

const OUTER: Record<string, (work: Work) => Promise<unknown>> = {
  rule: underRule,
  withLock: (work) => runWithLock(RESOURCE, { run: work, isAwaited: true }),
  acquire: (work) => manager().acquire(RESOURCE, work),
  lock: async (work) => under(await manager().lock(RESOURCE), work),
  tryLock: async (work) => under(await manager().tryLock(RESOURCE), work),
  tryLockSync: async (work) => under(manager().tryLockSync(RESOURCE), work),
}

const REFUSED: Record<string, Work> = {
  acquire: () => manager().acquire(RESOURCE, () => 'inside'),
  lock: () => manager().lock(RESOURCE),
  'lock without waiting': () => manager().lock(RESOURCE, { timeoutMs: 0 }),
  tryLock: () => manager().tryLock(RESOURCE),
  tryLockSync: async () => Promise.resolve(manager().tryLockSync(RESOURCE)),
}

/** What is declared for a handler or a command passes: one process, one owner. */
const PASSED: Record<string, Work> = {
  rule: async () => {
    const taken = takeLockNow({ home }, { resource: RESOURCE })
    return Promise.resolve(taken === undefined ? 'inside' : taken)
  },
  withLock: async () =>
    runWithLock(RESOURCE, { run: () => Promise.resolve('inside'), isAwaited: true }),
}

describe.each(Object.keys(OUTER))('within %s', (outer) => {
  const within = OUTER[outer]!

  test.each(Object.keys(REFUSED))('%s on the same resource is a deadlock', async (inner) => {
    const asking = within(async () => REFUSED[inner]!())
    await expect(asking).rejects.toMatchObject({ code: 'LOCK_DEADLOCK', retryable: false })
    // The refusal has not cost the outer one its lock, nor left anything.
    expect(await new LockManager({ home }).inspect(RESOURCE)).toBeNull()
  })

  test.each(Object.keys(PASSED))('%s on the same resource passes', async (inner) => {
    expect(await within(async () => PASSED[inner]!())).toBe('inside')
    expect(await new LockManager({ home }).inspect(RESOURCE)).toBeNull()
  })

  test('the same name in another namespace is another lock', async () => {
    const other = new LockManager({ home, namespace: 'other' })
    managers.push(other)
    expect(await within(async () => other.acquire(RESOURCE, () => 'inside'))).toBe('inside')
  })
})

test('a sharer can share once more', async () => {
  const locks = manager()
  const shared = { mode: 'shared' } as const
  const inner = async (): Promise<boolean> => {
    const again = await locks.tryLock(RESOURCE, shared)
    await again?.release()
    return again !== null
  }
  expect(await locks.acquire(RESOURCE, inner, shared)).toBe(true)
})
