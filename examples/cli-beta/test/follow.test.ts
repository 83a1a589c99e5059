import { expect, test } from 'vitest'

import { User } from './cli-beta.js'

test('catches up on what happened while it was not running, once', async () => {
  const user = new User()
  await user.ok('follow', '--once') // From here on, events are kept for it.
  const [plan, paint, call] = [
    await user.addTask('Plan'),
    await user.addTask('Paint'),
    await user.addTask('Call'),
  ]
  await user.okOf('cli-alpha', 'edit', plan, '--title', 'Plan it well')
  await user.okOf('cli-alpha', 'done', call)
  await user.okOf('cli-alpha', 'delete', paint)
  expect(user.store()).toBeUndefined()

  expect(await user.ok('follow', '--once')).toMatch(/^caught up, changes: 6$/m)
  const caughtUp = await user.items()
  expect(caughtUp).toEqual([
    expect.objectContaining({ name: 'Plan it well', task: plan }),
    expect.objectContaining({
      name: 'Call',
      task: call,
      doneAt: expect.any(String) as string,
    }),
  ])
  expect(await user.ok('follow', '--once')).toBe('caught up, changes: 0\n')
  expect(await user.items()).toEqual(caughtUp)
})

test('of thirty concurrent tasks creates thirty items, and emits an event for each', async () => {
  const user = new User()
  await user.ok('follow', '--once')
  const createdAt = '2026-01-01T00:00:00.000Z'
  const tasks = Array.from({ length: 30 }, (_, index) => ({
    id: `n${index}`,
    title: `Task ${index}`,
    tags: [],
    createdAt,
    updatedAt: createdAt,
  }))
  await user.okOf('cli-alpha', 'sync', '--from', user.write('thirty.json', tasks))
  await user.ok('follow', '--once')
  expect(await user.names()).toEqual(tasks.map(({ title }) => title))
  const created = await user.withOps(({ events }) => events.read('item:created'))
  expect(created.map(({ data }) => data.name)).toEqual(tasks.map(({ title }) => title))
})

test('does not create an item twice for an event repeated after a crash', async () => {
  const user = new User()
  await user.ok('follow', '--once')
  const cursor = user.read('ops/groups/cli-beta.json')!
  await user.addTask('Only once')
  await user.ok('follow', '--once')
  const item = await user.items()
  // As if the process had been killed after writing the items but before writing the cursor.
  user.write('ops/groups/cli-beta.json', cursor)
  expect(await user.ok('follow', '--once')).toBe('caught up, changes: 0\n')

  // Even if the item has been removed in between, so that only the event itself can tell.
  await user.ok('remove', item[0]!.id)
  user.write('ops/groups/cli-beta.json', cursor)
  expect(await user.ok('follow', '--once')).toBe('caught up, changes: 0\n')
  expect(await user.items()).toEqual([])
})

test('loses nothing when it is killed, and continues where it was', async () => {
  const user = new User()
  const first = await user.startFollow()
  await user.addTask('Seen')
  await first.wrote(/^created .* Seen /m)
  first.kill('SIGKILL')
  await first.end
  await user.addTask('Missed')
  const second = await user.startFollow()
  await second.wrote(/^created .* Missed /m)
  expect(second.stdout).not.toContain('Seen')
  expect((await user.names()).sort()).toEqual(['Missed', 'Seen'])
})

test('a second one has nothing to do, and says why', async () => {
  const user = new User()
  const follow = await user.startFollow()
  const second = await user.run(['follow'])
  expect(second.stderr).toContain('cli-beta: skipped: "cli-beta-follow" is held by cli-beta follow')
  expect(second.stderr).toContain(`pid ${follow.pid}`)
  expect(second).toMatchObject({ code: 0, stdout: '' })
})

test('skips invalid events', async () => {
  const user = new User()
  await user.ok('follow', '--once')
  await user.withOps(async ({ events }) => {
    await events.emit('task:created', { id: 7 } as never)
    await events.emit('task:updated', { id: 'unknown', changes: { title: 'x' } })
    await events.emit('task:created', { id: 'bare' })
    await events.emit('task:updated', { id: 'bare', changes: { title: 5, doneAt: 'never' } })
    await events.emit('task:updated', null as never)
    await events.emit('task:exploded', { id: 'bare' })
  })
  await user.ok('follow', '--once')
  expect(await user.items()).toEqual([expect.objectContaining({ name: 'task bare', task: 'bare' })])
  expect((await user.items())[0]).not.toHaveProperty('doneAt')
})

test('waits for the holder of the items, and then does its work', async () => {
  const user = new User()
  await user.ok('follow', '--once')
  await user.addTask('Patient')
  await user.withOps(async ({ locks }) => {
    const lock = await locks.lock('items')
    const follow = user.start(['follow', '--once'])
    await expect
      .poll(async () => (await locks.inspect('items'))?.waiters.length, { timeout: 20_000 })
      .toBe(1)
    expect(user.store()).toBeUndefined()
    await lock.release()
    expect((await follow.end).stdout).toContain('Patient')
  })
})
