import { expect, test } from 'vitest'

import { lockTimeoutError } from '../../src/locks/lock-errors.js'
import { createTestCoordinator } from '../../src/testing/create-test-coordinator.js'

test('a wait of no time is none: the lock is held, not still held', async () => {
  await using ops = createTestCoordinator()
  await using _lock = await ops.locks.lock('db')
  const info = await ops.locks.inspect('db')
  expect(lockTimeoutError('db', info, 0)).toMatchObject({
    code: 'LOCK_HELD',
    message: expect.stringMatching(/^"db" is held by test \(pid .*\), for \d+ ms$/u) as string,
  })
  expect(lockTimeoutError('db', info, 1500)).toMatchObject({
    code: 'LOCK_TIMEOUT',
    message: expect.stringMatching(/^"db" is still held by .* after 1\.5 s$/u) as string,
  })
})
