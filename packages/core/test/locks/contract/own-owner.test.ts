import { LockManager } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { describeOwnProcess } from '../../../src/base/process/own-process.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

test('the owner of a lock in memory is this process, with its command once that is known', async () => {
  const locks = new LockManager({ url: 'memory:', home: temporaryHome() })
  describeOwnProcess({ name: 'cli-alpha' })
  await using _first = await locks.lock('first')
  const owner = { name: 'cli-alpha', pid: process.pid, state: 'running' }
  expect((await locks.inspect('first'))?.owner).toMatchObject(owner)
  expect((await locks.inspect('first'))?.owner).not.toHaveProperty('command')

  describeOwnProcess({ command: 'sync' })
  await using _second = await locks.lock('second')
  expect((await locks.inspect('second'))?.owner).toMatchObject({ ...owner, command: 'sync' })
})
