import { describe, expect, test } from 'vitest'

import { User } from './cli-beta.js'

test('ten concurrent adds create ten items', async () => {
  const user = new User()
  const names = Array.from({ length: 10 }, (_, index) => `Item ${index}`)
  await Promise.all(names.map((name) => user.ok('add', name)))
  expect((await user.names()).sort()).toEqual(names.sort())
})

test('changes become events, after the work and in its order', async () => {
  const user = new User()
  const id = await user.add('Piano')
  await user.ok('edit', id, '--name', 'Grand piano')
  await user.ok('remove', id)
  await user.run(['remove', 'nope'])
  const events = await user.withOps((ops) => ops.events.read('item:*'))
  expect(events.map(({ type, data }) => ({ type, data }))).toEqual([
    { type: 'item:created', data: { id, name: 'Piano' } },
    { type: 'item:updated', data: { id, changes: { name: 'Grand piano' } } },
    { type: 'item:removed', data: { id } },
  ])
})

describe('a busy lock', () => {
  // Both forms of withLock: around a handler, and around a command module.
  test.each([
    [['add', 'x']],
    [['add', 'x', '--json']],
    [['remove', 'x']],
    [['remove', 'x', '--json']],
  ])('is exit code 75 for %j, which does nothing', async (args) => {
    const user = new User()
    await user.withOps(async ({ locks }) => {
      await using _lock = await locks.lock('items')
      const env = { CLI_OPS_LOCK_TIMEOUT_MS: '50' }
      const { code, stdout, stderr } = await user.run(args, { env })
      expect(stderr).toMatch(new RegExp(`^cli-beta: "items" .*pid ${process.pid}, .*\n$`))
      expect({ code, stdout }).toEqual({ code: 75, stdout: '' })
    })
    expect(user.store()).toBeUndefined()
    const failed = await user.withOps((ops) => ops.events.read('command:failed'))
    expect(failed.map(({ data }) => data.exitCode)).toEqual([75])
  })

  test('is waited for, with the holder named, until Ctrl-C', async () => {
    const user = new User()
    await user.withOps(async ({ locks }) => {
      await using _lock = await locks.lock('items')
      const add = user.start(['add', 'impatient'])
      await add.wrote(/^cli-beta: waiting for "items", held for .* by test .*pid/m)
      add.kill('SIGINT')
      expect(await add.end).toMatchObject({ code: null, signal: 'SIGINT', stdout: '' })
      expect(await locks.inspect('items')).toMatchObject({ waiters: [] })
    })
    expect(user.store()).toBeUndefined()
  })
})

test('status asks every running CLI, of all three frameworks', async () => {
  const user = new User()
  expect(await user.json('status')).toEqual([])
  await user.addTask('One')
  await user.okOf('cli-gamma', 'create', 'p')
  const alpha = user.start(['watch'], { cli: 'cli-alpha' })
  const gamma = user.start(['watch'], { cli: 'cli-gamma' })
  const beta = await user.startFollow()
  await Promise.all([alpha.wrote(/^watching/m), gamma.wrote(/^watching/m)])
  await beta.wrote(/^created/m)
  const clis = await user.json<{ readonly name: string }[]>('status')
  expect(clis.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: 'cli-alpha', pid: alpha.pid, version: '0.1.0', state: 'live', has: { tasks: 1 } },
    { name: 'cli-beta', pid: beta.pid, version: '0.1.0', state: 'live', has: { items: 1 } },
    { name: 'cli-gamma', pid: gamma.pid, version: '0.1.0', state: 'live', has: { projects: 1 } },
  ])
  gamma.kill('SIGSTOP')
  const text = await user.ok('status')
  expect(text).toContain(`cli-alpha 0.1.0, pid ${alpha.pid}, tasks: 1`)
  expect(text).toContain(`cli-gamma 0.1.0, pid ${gamma.pid} (does not respond), `)
  gamma.kill('SIGCONT')
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends follow, and the next clean-up removes what it leaves',
  async (signal) => {
    const user = new User()
    const follow = await user.startFollow()
    follow.kill(signal)
    expect(await follow.end).toMatchObject({ code: null, signal })
    // A signal does to it what it does to any program; other processes know that what it leaves is dead.
    await user.withOps(async ({ locks, registry }) => {
      expect(await registry.discover()).toEqual([])
      await locks.cleanStaleLocks()
      await registry.cleanDeadProcesses()
    })
    expect(user.leftovers()).toEqual([])
  },
)

test('works alone with the plugin switched off', async () => {
  const user = new User()
  const env = { CLI_OPS_DISABLED: '1' }
  expect((await user.run(['add', 'x'], { env })).code).toBe(0)
  expect((await user.run(['list'], { env })).stdout).toContain('x')
  expect(user.leftovers()).toEqual([])
})
