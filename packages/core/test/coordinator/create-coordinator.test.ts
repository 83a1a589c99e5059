import { createCoordinator, LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'
import { objectWith } from '../fixtures/matchers.js'
import { temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

describe('a closed coordinator', () => {
  test('refuses what is first used afterwards, which nobody would close', async () => {
    const home = temporaryHome()
    const ops = createCoordinator({ name: 'cli-alpha', home })
    await ops.close()
    const closed = objectWith({ code: 'CLOSED' })
    await expect(ops.locks.lock('db')).rejects.toEqual(closed)
    await expect(ops.events.emit('task:created', { id: '1' })).rejects.toEqual(closed)
    await expect(ops.registry.register('cli-alpha')).rejects.toEqual(closed)
    expect(() => ops.serve()).toThrow(closed)
    expect(() => ops.connect('cli-beta')).toThrow(closed)
    expect(await new LockManager({ home }).isLocked('db')).toBe(false)
    const registry = new ServiceRegistry({ home })
    onTestFinished(() => registry.close())
    expect(await registry.discover({ includeSelf: true })).toEqual([])
  })

  test('refuses what was used before as well', async () => {
    const ops = createCoordinator({ name: 'cli-alpha', home: temporaryHome() })
    await ops.serve().ready
    const client = ops.connect('cli-alpha')
    await Promise.all([ops.close(), ops.close()])
    const closed = objectWith({ code: 'CLOSED' })
    expect(() => ops.serve()).toThrow(closed)
    expect(() => ops.connect('cli-alpha')).toThrow(closed)
    await expect(client.call('x')).rejects.toEqual(closed)
  })
})

test('a wrong version is refused by createCoordinator, not when it first serves', () => {
  expect(() => createCoordinator({ name: 'cli-alpha', version: 5 as never })).toThrow(
    new TypeError('version must be a string, got 5'),
  )
})
