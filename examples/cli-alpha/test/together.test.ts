import { createCoordinator } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { storedTask, User } from './cli-alpha.js'

const manyTasks = Array.from({ length: 5 }, (_, index) => storedTask(`many${index}`))

/** A sync that holds the lock until it is stopped. */
async function startEndlessSync(user: User) {
  const source = user.write('many.json', manyTasks)
  const sync = user.start(['sync', '--from', source, '--pace', '90000'])
  await sync.wrote(/^syncing 5 tasks/m)
  return sync
}

async function locksOf(user: User) {
  await using ops = createCoordinator({ name: 'test', home: user.home })
  return await ops.locks.list()
}

test('twenty concurrent adds create twenty tasks', async () => {
  const user = new User()
  const titles = Array.from({ length: 20 }, (_, index) => `Task ${index}`)
  await Promise.all(titles.map((title) => user.ok('add', title)))
  const tasks = await user.tasks()
  expect(tasks.map(({ title }) => title).sort()).toEqual(titles.sort())
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(20)
})

test('a waiter learns for whom it waits, and continues after Ctrl-C of the holder', async () => {
  const user = new User()
  const sync = await startEndlessSync(user)
  const add = user.start(['add', 'patient'])
  await add.wrote(
    new RegExp(
      `^cli-alpha: waiting for "task-database", held for .+ by cli-alpha sync \\(pid ${sync.pid}, `,
      'm',
    ),
  )
  sync.kill('SIGINT')
  expect(await sync.end).toMatchObject({ code: null, signal: 'SIGINT' })
  expect((await add.end).code).toBe(0)
  expect((await user.tasks()).map(({ title }) => title)).toEqual(['patient'])
})

test('kill -9 in the middle of a sync stores nothing of it, and the next one continues', async () => {
  const user = new User()
  await user.add('before')
  const before = user.store()
  const sync = await startEndlessSync(user)
  const adds = [user.start(['add', 'one']), user.start(['add', 'two'])]
  await Promise.all(adds.map((add) => add.wrote(/waiting for/)))
  expect(user.store()).toBe(before)
  sync.kill('SIGKILL')
  expect((await sync.end).signal).toBe('SIGKILL')
  for (const add of adds) expect((await add.end).code).toBe(0)
  expect((await user.tasks()).map(({ title }) => title).sort()).toEqual(['before', 'one', 'two'])
  expect(await locksOf(user)).toEqual([])
})

test('Ctrl-C while waiting ends as an interrupt, changes nothing and leaves the queue', async () => {
  const user = new User()
  const sync = await startEndlessSync(user)
  const add = user.start(['add', 'impatient'])
  await add.wrote(/waiting for/)
  add.kill('SIGINT')
  // A shell shows it as 130.
  expect(await add.end).toMatchObject({ code: null, signal: 'SIGINT', stdout: '' })
  const [lock] = await locksOf(user)
  expect(lock).toMatchObject({ owner: { pid: sync.pid }, waiters: [] })
  expect(user.store()).toBeUndefined()
})

test('a lock that stays busy is exit code 75, in both idioms', async () => {
  const user = new User()
  const sync = await startEndlessSync(user)
  const env = { CLI_OPS_LOCK_TIMEOUT_MS: '50' }
  for (const args of [
    ['add', 'x'],
    ['sync', '--board', 'board.md'],
  ]) {
    const { code, stderr } = await user.run(args, { env })
    expect(stderr).toMatch(new RegExp(`^cli-alpha: "task-database" .*pid ${sync.pid}`, 'm'))
    expect(code).toBe(75)
  }
})

test('a sync whose lock is taken by force stores nothing', async () => {
  const user = new User()
  const source = user.write('many.json', manyTasks)
  const sync = user.start(['sync', '--from', source, '--pace', '300'])
  await sync.wrote(/^syncing/m)
  await using ops = createCoordinator({ name: 'test', home: user.home })
  const [lock] = await ops.locks.list()
  expect(await ops.locks.forceRelease('task-database', lock!.id)).toBe(true)
  const { code, stderr } = await sync.end
  expect(stderr).toMatch(/^cli-alpha: .*task-database/m)
  expect(code).toBe(1)
  expect(user.store()).toBeUndefined()
})
