import { expect, test } from 'vitest'
import { ownIdentity } from '../../../../src/base/process/process-identity.js'
import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import {
  LockContext,
  type LockSurroundings,
} from '../../../../src/drivers/local/locks/lock-context.js'
import { enterQueue } from '../../../../src/drivers/local/locks/queue.js'
import type { LockRequest } from '../../../../src/locks/contract/lock-driver.js'
import { surroundingsAt } from '../../../fixtures/lock-surroundings.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

test('the next waiter does not look at a released lock before it takes it, and leaves the queue to the others', async () => {
  const operations: string[] = []
  let watching = (): void => undefined
  const isWatching = new Promise<void>((resolve) => {
    watching = resolve
  })
  const home = new Home(temporaryHome(), '', {
    ...nodeFileSystem,
    list: (path) => {
      operations.push(path.includes('queues') ? 'list the queue' : 'list the lock')
      return nodeFileSystem.list(path)
    },
    removeDirectory: (path) => {
      operations.push('remove the queue')
      nodeFileSystem.removeDirectory(path)
    },
    watch: (...watch) => {
      const watcher = nodeFileSystem.watch(...watch)
      watching()
      return watcher
    },
  })
  const held = createLocalLocks(home, asProcess(100)).tryAcquireSync?.(requestOf('held'))
  const next = createLocalLocks(home, asProcess(101)).acquire(requestOf('next'), {
    signal: new AbortController().signal,
    isBusy: true,
  })
  await isWatching
  enterQueue(new LockContext(home, asProcess(102)), requestOf('last'), process.hrtime.bigint())
  operations.length = 0
  held?.releaseSync?.()
  const grant = await next
  // Once to see that it is still the next one, once to nudge the one behind.
  expect(operations).toEqual(['list the queue', 'list the queue'])
  await grant.release()
})

function requestOf(id: string): LockRequest {
  return { resource: 'db', mode: 'exclusive', id, held: [] }
}

/** The surroundings of one of several processes that all live, and wait for a watch alone. */
function asProcess(pid: number): LockSurroundings {
  const real = surroundingsAt(0)
  return {
    ...real,
    clock: { ...real.clock, startTimer: () => () => undefined },
    identity: () => ({ ...ownIdentity(), pid, tid: pid }),
    judge: () => 'running',
    nudge: () => true,
    onNudge: () => undefined,
  }
}
