import { describe, expect, test } from 'vitest'

import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import type { LockDriver } from '../../../../src/locks/contract/lock-driver.js'
import type { LockMode } from '../../../../src/locks/contract/lock-types.js'
import { surroundingsAt } from '../../../fixtures/lock-surroundings.js'
import { namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'

const LATER_MS = 10_000

/** The locks as a process sees them that much later. */
function locksIn(root: string, laterMs = 0): LockDriver {
  const surroundings = surroundingsAt(laterMs)
  const monotonicNs = (): bigint => process.hrtime.bigint() + BigInt(laterMs) * 1_000_000n
  return createLocalLocks(new Home(root, '', nodeFileSystem), {
    ...surroundings,
    clock: { ...surroundings.clock, monotonicNs },
  })
}

function request(id: string, mode: LockMode) {
  return { resource: 'db', mode, id, held: [] }
}

describe('a waiter that has waited for long', () => {
  test.each(['exclusive', 'shared'] as const)(
    'is not skipped while the lock is held, %s',
    async (mode) => {
      const root = temporaryHome()
      const locks = locksIn(root)
      const held = locks.tryAcquireSync!(request('holder', mode))
      const waiting = locks.acquire(request('waiter', 'exclusive'), {
        signal: AbortSignal.timeout(60_000),
      })
      const tickets = namesIn(root, 'queues', 'db')
      expect(tickets).toHaveLength(1)
      expect(locksIn(root, LATER_MS).tryAcquireSync!(request('late', 'shared'))).toBeNull()
      void locksIn(root, LATER_MS).clean()
      expect(namesIn(root, 'queues', 'db')).toEqual(tickets)
      await held!.release()
      await (await waiting).release()
    },
  )

  test('is skipped if it ignores a free lock for as long, and keeps its queue position when it continues', async () => {
    const root = temporaryHome()
    const locks = locksIn(root)
    const held = locks.tryAcquireSync!(request('holder', 'exclusive'))
    const waiting = locks.acquire(request('waiter', 'exclusive'), {
      signal: AbortSignal.timeout(60_000),
    })
    // Both run in this thread, so the waiter notices nothing until the next "await".
    held!.releaseSync!()
    expect(locksIn(root).tryAcquireSync!(request('at-once', 'exclusive'))).toBeNull()
    const late = locksIn(root, LATER_MS).tryAcquireSync!(request('late', 'exclusive'))
    expect(late).not.toBeNull()
    const again = locks.acquire(request('behind', 'exclusive'), {
      signal: AbortSignal.timeout(60_000),
    })
    await expect.poll(() => namesIn(root, 'queues', 'db')).toHaveLength(2)
    late!.releaseSync!()
    const grant = await waiting
    expect(grant.id).toBe('waiter')
    await grant.release()
    await (await again).release()
  })
})
