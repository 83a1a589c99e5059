import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { EventBus, LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'

import { nodeFileSystem } from '../../../src/drivers/local/home/file-system.js'
import { isNothingLeft } from '../../../src/drivers/local/nothing-left.js'
import { homeBase } from '../../../src/drivers/local/home/home-base.js'

let home: string
let namespace = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  namespace = ''
})
afterEach(() => {
  rmSync(home, { recursive: true })
})

const nothingLeft = (): boolean => isNothingLeft(nodeFileSystem, home, homeBase(home, namespace))

async function use(...resources: readonly string[]): Promise<void> {
  const options = { home, namespace }
  const locks = new LockManager(options)
  for (const resource of resources) await locks.acquire(resource, () => undefined)
  const events = new EventBus<Record<string, unknown>>({ ...options, rateLimit: false })
  await events.emit('task:created', {})
  await events.close()
}

function put(...path: readonly string[]): void {
  const file = join(home, ...path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, '')
}

describe('a clean-up would find nothing', () => {
  test('after a lock and an event, in the home and in a namespace', async () => {
    await use('task-database', 'items')
    expect(nothingLeft()).toBe(true)
    namespace = 'team'
    await use('task-database')
    expect(nothingLeft()).toBe(true)
  })

  test('but it might if a lock is held', async () => {
    await use()
    await using lock = await new LockManager({ home }).lock('task-database')
    expect(lock.resource).toBe('task-database')
    expect(nothingLeft()).toBe(false)
  })

  test('but it might if an instance is registered', async () => {
    await use()
    const registry = new ServiceRegistry({ home })
    await registry.register('cli-alpha')
    expect(nothingLeft()).toBe(false)
    await registry.unregister('cli-alpha')
    expect(nothingLeft()).toBe(true)
  })

  test.each([
    ['a waiter', 'queues', 'task-database', 'ticket'],
    ['a claim', 'claims', 'x'],
    ['the lock of a group', 'event-groups', 'locks', 'x.lock', 'free~1'],
    ['the lock of a file', 'file-names', 'locks', 'x.lock', 'free~1'],
    ['a process of another namespace', 'liveness', 'x'],
    ['a second state of a lock', 'locks', 'task-database.lock', 'x'],
    ['a second segment', 'events', '00000002.ndjson'],
  ])('but it might if there is %s', async (_what, ...path) => {
    await use('task-database')
    put(...path)
    expect(nothingLeft()).toBe(false)
  })

  test('but it might if the log is long, or there are many locks', async () => {
    await use()
    const long = 'x'.repeat(20_000)
    const events = new EventBus<Record<string, unknown>>({ home })
    await events.emit('task:created', { long })
    await events.close()
    expect(nothingLeft()).toBe(false)
    rmSync(join(home, 'events'), { recursive: true })
    await use(...Array.from({ length: 9 }, (_, index) => `task-${index}`))
    expect(nothingLeft()).toBe(false)
  })

  test('but it might if there is no log', () => {
    expect(nothingLeft()).toBe(false)
  })
})
