import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryHome } from '../fixtures/temporary-home.js'

function manager(options: object = {}): LockManager {
  const locks = new LockManager({ home: temporaryHome(), ...options })
  onTestFinished(() => locks.close())
  return locks
}

describe('a wrong argument is refused before anything is done', () => {
  test.each<[(locks: LockManager) => unknown, RegExp]>([
    [() => manager({ timeoutMs: -1 }), /^timeoutMs/u],
    [(locks) => locks.tryLockSync('db', { inFlow: 'yes' as never }), /^inFlow must be/u],
    [(locks) => locks.tryLockSync('db', { ownerPid: 0.5 }), /^ownerPid/u],
    [(locks) => locks.tryLockSync('db', { mode: 'both' as never }), /^mode/u],
  ])('%o', (call, message) => {
    const locks = manager()
    expect(() => call(locks)).toThrow(message)
  })

  test.each([null, 5])('%o is not a valid options object', async (options) => {
    const locks = manager()
    await expect(locks.acquire('db', () => 1, options as never)).rejects.toThrow(TypeError)
    expect(await locks.isLocked('db')).toBe(false)
  })
})

test('options in the place of the resource are refused, since the second ones would replace them', () => {
  const home = temporaryHome()
  for (const first of [{ home }, null])
    expect(() => new LockManager(first as never, { timeoutMs: 5 })).toThrow(
      /^resource must be a string/u,
    )
  expect(() => new LockManager('db', null as never)).toThrow(/^options must be an object/u)
})

test('a manager with its own timeout waits no longer', async () => {
  const home = temporaryHome()
  const lock = await manager({ home }).lock('db')
  await expect(manager({ home, timeoutMs: 0 }).lock('db')).rejects.toMatchObject({
    code: 'LOCK_HELD',
  })
  await lock.release()
})

describe('a file that cannot be locked', () => {
  test.each(['/dev/null/file', join('/nowhere-at-all', 'file')])(
    '%s is reported as such',
    async (path) => {
      await expect(manager().lockFile(path)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    },
  )
})

describe('a locked file', () => {
  test('knows whether it is still locked', async () => {
    const home = temporaryHome()
    const lock = await manager({ home }).lockFile(join(home, 'config'))
    expect(() => lock.assertHeld()).not.toThrow()
    await lock.release()
    expect(() => lock.assertHeld()).toThrow()
  })

  test('with a long name has a unique name', async () => {
    const home = temporaryHome()
    const deep = join(home, 'd'.repeat(200), 'e'.repeat(200))
    mkdirSync(deep, { recursive: true })
    const locks = manager({ home })
    await using one = await locks.lockFile(join(deep, 'one'))
    await using other = await locks.lockFile(join(deep, 'other'))
    expect(one.resource).not.toBe(other.resource)
  })

  test.each(['release', 'releaseSync'] as const)(
    'whose lock another program has removed can be released by %s',
    async (how) => {
      const home = temporaryHome()
      const file = join(home, 'config')
      const locks = manager({ home })
      const lock = await locks.lockFile(file)
      rmSync(`${file}.lock`, { recursive: true })
      // What proper-lockfile finds is not the kit's to repair; the named lock must not remain after it.
      try {
        await lock[how]()
      } catch {
        // See above.
      }
      expect(await locks.list()).toEqual([])
    },
  )
})
