import { existsSync, mkdirSync, statSync } from 'node:fs'
import { createTestCoordinator, type TestCoordinator } from '@cli-ops/shared-ipc/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

import { startScript } from '../fixtures/start-script.js'
import { namesIn, temporaryHome } from '../fixtures/temporary-home.js'
import { temporaryRuntime } from '../fixtures/temporary-runtime.js'

temporaryRuntime()

describe.each(['memory', 'disk'] as const)('a test coordinator in %s', (storage) => {
  test('has all four primitives', async () => {
    await using ops = createTestCoordinator({ storage })
    const other = ops.as('cli-beta')
    const handler = vi.fn()
    const subscription = other.events.on('task:created', handler)
    await ops.events.emit('task:created', { id: '1' })
    await vi.waitFor(() => expect(handler).toHaveBeenCalledOnce(), 20_000)
    subscription.unsubscribe()

    await ops.locks.acquire('db', async () => {
      expect(await other.locks.tryLock('db')).toBeNull()
    })
    expect(await other.locks.isLocked('db')).toBe(false)

    const server = ops.serve().handle('add', ([a, b]: [number, number]) => a + b)
    await server.ready
    expect(await other.connect('test').call('add', [1, 2])).toBe(3)
    const found = await other.registry.discover({ includeSelf: true })
    expect(found.map(({ name }) => name)).toEqual(['test'])
  })

  test('shares nothing with another one', async () => {
    await using one = createTestCoordinator({ storage })
    await using other = createTestCoordinator({ storage })
    const heard: unknown[] = []
    other.events.on('*', (data) => heard.push(data))
    await one.events.emit('task:created', { id: 'one' })
    await other.events.emit('task:created', { id: 'other' })
    await vi.waitFor(() => expect(heard).toEqual([{ id: 'other' }]), 20_000)

    await using lock = (await one.locks.tryLock('db'))!
    expect(await other.locks.isLocked('db')).toBe(false)
    await other.locks.acquire('db', () => {
      lock.assertHeld()
    })
    await one.registry.register('cli-alpha')
    expect(await other.registry.discover({ includeSelf: true })).toEqual([])
  })

  test('has handles under other names', async () => {
    await using ops = createTestCoordinator({ storage, name: 'cli-alpha' })
    const beta = ops.as('cli-beta')
    expect([ops.name, beta.name]).toEqual(['cli-alpha', 'cli-beta'])
    await beta.serve().handle('who', () => 'beta').ready
    expect(await ops.connect('cli-beta').call('who')).toBe('beta')
  })

  test('closes everything, and doing it twice does nothing', async () => {
    const ops = createTestCoordinator({ storage })
    const beta = ops.as('cli-beta')
    const lock = await beta.locks.lock('db')
    await ops.close()
    expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }) as Error)
    await expect(beta.locks.lock('db')).rejects.toMatchObject({ code: 'CLOSED' })
    await ops.close()
    await ops[Symbol.asyncDispose]()
    expect(() => ops.as('cli-gamma')).toThrow(expect.objectContaining({ code: 'CLOSED' }) as Error)
    expect(existsSync(ops.home)).toBe(false)
  })

  test('is on even if the environment turns the kit off, and ignores the home it names', async () => {
    const home = temporaryHome()
    stubEnvironment({ CLI_OPS_DISABLED: '1', CLI_OPS_HOME: home, CLI_OPS_URL: 'redis://nowhere' })
    await using ops = createTestCoordinator({ storage })
    await using lock = (await ops.locks.tryLock('db'))!
    expect(await ops.locks.tryLock('db')).toBeNull()
    lock.assertHeld()
    expect(ops.home).not.toBe(home)
  })
})

test('on disk the home is private, and shared with child processes', async () => {
  await using ops = createTestCoordinator({ storage: 'disk' })
  expect(statSync(ops.home).mode & 0o777).toBe(0o700)
  expect(await stateSeenByChild(ops)).toBe('free')
  await using _lock = await ops.locks.lock('db')
  expect(await stateSeenByChild(ops)).toBe('busy')
})

test('creates no home in memory', async () => {
  await using ops = createTestCoordinator()
  await ops.events.emit('task:created', { id: '1' })
  await ops.locks.acquire('db', () => undefined)
  expect(existsSync(ops.home)).toBe(false)
})

test('a temporary home is removed, whatever is left in it', async () => {
  const ops = createTestCoordinator({ storage: 'disk' })
  mkdirSync(`${ops.home}/left/behind`, { recursive: true })
  await ops.close()
  expect(existsSync(ops.home)).toBe(false)
})

test.each([
  [{ storage: 'cloud' }, /storage must be "memory" or "disk", got "cloud"/u],
  [{ name: '' }, /name must not be empty/u],
  [{ name: 7 }, /name must be a string, got 7/u],
  [{ storage: 'disk', name: '' }, /name must not be empty/u],
])('refuses %j and creates nothing', (options, message) => {
  const directory = temporaryHome()
  stubEnvironment({ TMPDIR: directory })
  expect(() => createTestCoordinator(options as never)).toThrow(message)
  expect(namesIn(directory)).toEqual([])
})

/** Returns what a child with the same home finds: whether the lock is free. */
async function stateSeenByChild(ops: TestCoordinator): Promise<string> {
  const seen = ops.events.once('task:created')
  const script = startScript('./test-home-user.mjs', [], { CLI_OPS_HOME: ops.home })
  const [{ data }, code] = await Promise.all([seen, script.ended])
  expect(code, script.stderr).toBe(0)
  return data.id
}

function stubEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}
