import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventBus, IPCClient, IPCServer, LockManager, ServiceRegistry } from '@cli-ops/shared-ipc'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

// The samples as a user would copy them, with the types checked; only the environment says where they work.
let home = ''

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  vi.stubEnv('CLI_OPS_HOME', home)
  vi.stubEnv('XDG_RUNTIME_DIR', home)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true, force: true })
})

test('a lock manager for one resource', async () => {
  const lockManager = new LockManager('config-file')
  const config = { theme: 'light' }

  await lockManager.acquire(async () => {
    expect(await lockManager.isLocked()).toBe(true)
    config.theme = 'dark'
  })

  expect(config.theme).toBe('dark')
  expect(await lockManager.isLocked()).toBe(false)
})

test('a lock manager for many resources', async () => {
  const locks = new LockManager()

  const result = await locks.acquire('config-file', async () => {
    expect(await locks.isLocked('config-file')).toBe(true)
    expect(await locks.isLocked('task-database')).toBe(false)
    return 'written'
  })

  expect(result).toBe('written')
  expect(await locks.isLocked('config-file')).toBe(false)
})

test('a lock manager that is disabled during tests', async () => {
  const mockLockManager = new LockManager({
    disabled: process.env['NODE_ENV'] === 'test',
  })

  let depth = 0
  await mockLockManager.acquire('config-file', async () => {
    await mockLockManager.acquire('config-file', () => {
      depth = 2
    })
  })
  expect(depth).toBe(2)
})

test('handles task creation event', async () => {
  const bus = new EventBus({ inMemory: true })

  const handler = vi.fn()
  bus.on('task:created', handler)

  await bus.emit('task:created', { id: 'task-123' })

  expect(handler).toHaveBeenCalledWith({ id: 'task-123' })
})

test('an event bus reacts to its own events', async () => {
  const bus = new EventBus()
  const titles: (string | undefined)[] = []

  bus.on('task:created', (task) => {
    titles.push(task.title)
  })

  await bus.emit('task:created', { id: '1', title: 'Write', cli: 'alpha' })
  await vi.waitFor(() => expect(titles).toEqual(['Write']), 20_000)
  await bus.close()
})

test('a registry', async () => {
  const registry = new ServiceRegistry()

  await registry.register('cli-alpha', {
    pid: process.pid,
    version: '1.0.0',
    startedAt: Date.now(),
  })

  const instances = await registry.discover()
  expect(instances).toEqual([])
  const all = await registry.discover({ includeSelf: true })
  expect(all).toMatchObject([{ name: 'cli-alpha', pid: process.pid, version: '1.0.0' }])
  await registry.unregister('cli-alpha')
  expect(await registry.discover({ includeSelf: true })).toEqual([])
})

test('a server and a client', async () => {
  const loadTasks = (): Promise<string[]> => Promise.resolve(['Write'])

  const server = new IPCServer('cli-alpha')
  server.on('request', async (data) => {
    if (data.action === 'get-tasks') {
      return { tasks: await loadTasks() }
    }
    return undefined
  })

  // Immediately, without waiting for the server to be ready.
  const client = new IPCClient('cli-alpha')
  const response = await client.request({ action: 'get-tasks' })
  expect(response.tasks).toEqual(['Write'])
  await client.close()
  await server.close()
})

test('the clean-ups, if there is nothing to clean up', async () => {
  expect(await new LockManager().cleanStaleLocks()).toEqual([])
  expect(await new EventBus().cleanOldEvents()).toBe(0)
  expect(await new ServiceRegistry().cleanDeadProcesses()).toEqual([])
})

test('the rate limit of the original, ten events of a type a second', async () => {
  const bus = new EventBus({ rateLimit: { max: 10, perMs: 1000, burst: 10 } })
  const emits = Array.from({ length: 11 }, (_, n) => bus.emit('task:deleted', { id: String(n) }))
  const outcomes = await Promise.allSettled(emits)
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
  expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'RATE_LIMITED', retryable: true } })
  await bus.close()
})
