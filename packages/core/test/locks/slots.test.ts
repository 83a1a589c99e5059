import { LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, test } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

const POOL = { slots: 2 } as const

describe('slots of a LockManager', () => {
  test('are that many locks, and seen, listed and released by force as one', async () => {
    const locks = new LockManager('devices', { home: temporaryHome() })
    const first = await locks.lock(undefined, POOL)
    const second = locks.tryLockSync(undefined, POOL)
    expect([first.slot, second?.slot, first.resource]).toEqual(['1', '2', 'devices'])
    expect(await locks.tryLock(undefined, POOL)).toBeNull()
    expect(await locks.isLocked()).toBe(true)
    expect(await locks.list()).toHaveLength(1)
    expect(await locks.forceRelease('devices', second!.id)).toBe(true)
    expect(() => second!.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }))
    expect((await locks.inspect())?.holders.map(({ slot }) => slot)).toEqual(['1'])
    await first.release()
    expect(await locks.inspect()).toBeNull()
    await locks.close()
  })

  test('name their holders if the wait is too long', async () => {
    const locks = new LockManager('devices', { home: temporaryHome() })
    await Promise.all([locks.lock(undefined, POOL), locks.lock(undefined, { ...POOL, label: 'x' })])
    const error: unknown = await locks
      .lock(undefined, { ...POOL, timeoutMs: 20 })
      .catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'LOCK_TIMEOUT' })
    const { message, details } = error as Error & { details: { holders: { slot: string }[] } }
    expect(message).toMatch(/^"devices" is still held by .*slot 1, pid \d+.* and 1 other after/u)
    expect(details.holders.map(({ slot }) => slot)).toEqual(['1', '2'])
    await locks.close()
  })

  test('let a flow that has one request another, and refuse what it holds itself', async () => {
    const locks = new LockManager('devices', { home: temporaryHome() })
    await locks.acquire(async (outer) => {
      const inner = await locks.lock(undefined, POOL)
      expect([outer.slot, inner.slot]).toEqual(['1', '2'])
      await inner.release()
      await expect(locks.lock(undefined, { slots: ['1'] })).rejects.toMatchObject({
        code: 'LOCK_DEADLOCK',
      })
    }, POOL)
    await locks.close()
  })

  test.each([
    [{ slots: 0 }, 'slots must be a whole number from 1 to 1000 or a list of names, got 0'],
    [{ slots: 1.5 }, 'slots must be a whole number'],
    [{ slots: [] }, 'slots must name 1 to 1000 slots, got 0'],
    [{ slots: ['a', 'a'] }, 'slots must name each slot once, got "a" twice'],
    [{ slots: ['a', ''] }, 'slots[1] must not be empty'],
    [{ slots: 2, mode: 'shared' as const }, "mode must be 'exclusive' with slots, got 'shared'"],
  ])('refuse %j', async (options, message) => {
    const locks = new LockManager('devices', { home: temporaryHome() })
    const wrong = locks.lock(undefined, options)
    await expect(wrong).rejects.toThrow(TypeError)
    await expect(wrong).rejects.toThrow(message)
    await locks.close()
  })

  test('are refused for a file', async () => {
    const home = temporaryHome()
    const locks = new LockManager({ home })
    await expect(locks.lockFile(`${home}/x`, POOL)).rejects.toThrow('a file lock has no slots')
    await locks.close()
  })

  test('need only a name if coordination is turned off', async () => {
    const locks = new LockManager('devices', { disabled: true })
    expect((await locks.lock(undefined, { slots: ['a', 'b'] })).slot).toBe('a')
    await locks.close()
  })
})
