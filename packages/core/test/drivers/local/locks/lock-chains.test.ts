import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import type { LockGrant } from '../../../../src/locks/contract/lock-driver.js'
import type { LockMode } from '../../../../src/locks/contract/lock-types.js'
import { formatIdentity, ownIdentity } from '../../../../src/base/process/process-identity.js'
import { containing } from '../../../fixtures/matchers.js'
import { namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'

/** A process's flows are distinguished by the grants that they hold. */
function stage() {
  const root = temporaryHome()
  const locks = createLocalLocks(new Home(root, '', nodeFileSystem))
  const end = new AbortController()
  return {
    root,
    end,
    take: (resource: string, mode: LockMode, id: string): LockGrant =>
      locks.tryAcquireSync!({ resource, mode, id, held: [] })!,
    wait: (resource: string, mode: LockMode, id: string, ...held: string[]) =>
      locks.acquire({ resource, mode, id, held }, { signal: end.signal }),
  }
}

test('a sharer behind an exclusive waiter waits for the sharers inside, and that can be a cycle', async () => {
  const { root, end, take, wait } = stage()
  take('a', 'shared', 'inside')
  take('b', 'exclusive', 'other')
  const alone = wait('a', 'exclusive', 'alone')
  const first = wait('b', 'exclusive', 'first', 'inside')
  await expect(wait('a', 'shared', 'last', 'other')).rejects.toMatchObject({
    code: 'LOCK_DEADLOCK',
    message: containing('"a" is held by'),
    details: { resource: 'a', cycle: [{ waitsFor: 'b' }, { resource: 'b' }] },
  })
  // The others have lost nothing.
  expect(namesIn(root, 'queues', 'a')).toHaveLength(1)
  end.abort()
  await Promise.allSettled([alone, first])
})

test('a holder is in no cycle if nobody in the chain waits for it', async () => {
  const { end, take, wait } = stage()
  take('a', 'exclusive', 'one')
  const held = take('b', 'exclusive', 'other')
  const waiting = wait('b', 'exclusive', 'elsewhere')
  const mine = wait('a', 'exclusive', 'mine', 'third')
  held.releaseSync!()
  expect((await waiting).isHeld()).toBe(true)
  end.abort(new Error('enough'))
  await expect(mine).rejects.toThrow('enough')
})

test('what a dead waiter held is not part of a cycle', async () => {
  const { root, end, take, wait } = stage()
  take('a', 'exclusive', 'inside')
  take('b', 'exclusive', 'other')
  const dead = formatIdentity({ ...ownIdentity(), pid: 99_999_999, tid: 99_999_999, start: '1' })
  mkdirSync(join(root, 'queues', 'b'), { recursive: true })
  const record = JSON.stringify({ id: 'gone', resource: 'b', mode: 'exclusive', held: ['inside'] })
  writeFileSync(
    join(root, 'queues', 'b', `${'1'.padStart(20, '0')}~xh~gone~${dead}`),
    `${record}\n`,
  )
  const waiting = wait('a', 'exclusive', 'mine', 'other')
  end.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})
