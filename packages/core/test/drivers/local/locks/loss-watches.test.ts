import { expect, test } from 'vitest'

import { nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import { surroundingsAt } from '../../../fixtures/lock-surroundings.js'
import { temporaryHome } from '../../../fixtures/temporary-home.js'

test('a released lock is no longer watched, whether or not its listener was stopped', () => {
  const open = new Set<string>()
  const home = new Home(temporaryHome(), '', {
    ...nodeFileSystem,
    watch: (path, listener, options) => {
      const watcher = nodeFileSystem.watch(path, listener, options)
      open.add(path)
      return {
        close: () => {
          open.delete(path)
          watcher?.close()
        },
      }
    },
  })
  const locks = createLocalLocks(home, surroundingsAt(0))
  const grant = locks.tryAcquireSync?.({ resource: 'a', mode: 'exclusive', id: 'a-1', held: [] })
  const stop = grant?.onLost(() => undefined)
  expect(open.size).toBe(1)
  grant?.releaseSync?.()
  expect(open.size).toBe(0)
  stop?.()
  grant?.onLost(() => undefined)
  expect(open.size).toBe(0)
})
