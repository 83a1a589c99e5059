import { describe, expect, test } from 'vitest'

import { User } from './cli-gamma.js'

const LOCKS = ['task-database', 'items', 'projects']

/** A user with a project, and with open and done work inside and outside it, in both other CLIs. */
async function userWithWork() {
  const user = new User()
  const createdAt = '2026-01-01T00:00:00.000Z'
  const task = (id: string, tags: string[], rest = {}) => ({
    id,
    title: id,
    tags,
    createdAt,
    updatedAt: createdAt,
    ...rest,
  })
  const item = (id: string, rest = {}) => ({
    id,
    name: id,
    createdAt,
    updatedAt: createdAt,
    ...rest,
  })
  user.write('data/tasks.json', {
    version: 1,
    tasks: [
      task('open', ['concert', 'x']),
      task('done', ['concert'], { doneAt: createdAt }),
      task('other', ['picnic']),
    ],
  })
  user.write('beta/items.json', {
    version: 1,
    items: [
      item('own', { project: 'concert' }),
      item('follows', { task: 'open' }),
      item('finished', { project: 'concert', doneAt: createdAt }),
      item('elsewhere', { project: 'picnic' }),
    ],
  })
  return { user, id: await user.create('concert') }
}

test('records the open tasks and items of the project, and closes it', async () => {
  const { user, id } = await userWithWork()
  const before = [user.read('data/tasks.json'), user.read('beta/items.json')]
  const result = await user.json<object>('archive', id.slice(0, 4))
  expect(result).toMatchObject({ project: { id }, tasks: 1, items: 2 })
  expect(user.archive(id)).toMatchObject({
    project: { id, name: 'concert' },
    tasks: [{ id: 'open', tags: ['concert', 'x'] }],
    items: [{ id: 'own' }, { id: 'follows' }],
  })
  expect([user.read('data/tasks.json'), user.read('beta/items.json')]).toEqual(before)
  expect(await user.json('list')).toEqual([])
  expect((await user.projects())[0]).toHaveProperty('archivedAt')
  const events = await user.withOps((ops) => ops.events.read('project:archived'))
  expect(events.map(({ data }) => data)).toEqual([{ id }])

  const again = await user.run(['archive', id])
  expect(again.code).toBe(1)
  expect(again.stderr).toContain(`cli-gamma: project ${id} is archived since`)
})

test('of a project without work, and without the other CLIs, is empty', async () => {
  const user = new User()
  const id = await user.create('alone')
  await user.ok('archive', id)
  expect(user.archive(id)).toMatchObject({ tasks: [], items: [] })
})

test.each([
  ['data/tasks.json', 'tasks.json'],
  ['beta/items.json', 'items.json'],
])('stops if %s cannot be parsed', async (file, name) => {
  const { user, id } = await userWithWork()
  user.write(file, '{"version":1,')
  const { code, stderr } = await user.run(['archive', id])
  expect(stderr).toContain(`${name} cannot be understood`)
  expect(code).toBe(65)
  expect(user.archive(id)).toBeUndefined()
  expect(await user.json('list')).toHaveLength(1)
})

describe('the locks', () => {
  test('are taken in one order: tasks, items, projects', async () => {
    const { user, id } = await userWithWork()
    await user.withOps(async ({ locks }) => {
      const held = await Promise.all(LOCKS.map((resource) => locks.lock(resource)))
      const archive = user.start(['archive', id])
      // A waiter for one of them has all locks before it, and none after it.
      for (const [index, lock] of held.entries()) {
        await expect
          .poll(async () => (await locks.inspect(LOCKS[index]))?.waiters[0]?.pid, {
            timeout: 20_000,
          })
          .toBe(archive.pid)
        const owners = (await locks.list()).map(({ resource, owner }) => [resource, owner.pid])
        expect(new Map(owners as [string, number][])).toEqual(
          new Map(LOCKS.map((name, at) => [name, at < index ? archive.pid : process.pid])),
        )
        expect(user.archive(id)).toBeUndefined()
        await lock.release()
      }
      expect((await archive.end).code).toBe(0)
      expect(await locks.list()).toEqual([])
    })
  })

  test.each(LOCKS)(
    '"%s" busy is exit code 75, also with --json, and changes nothing',
    async (lock) => {
      const { user, id } = await userWithWork()
      const before = user.store()
      const env = { CLI_OPS_LOCK_TIMEOUT_MS: '50' }
      await user.withOps(async ({ locks }) => {
        await using _held = await locks.lock(lock)
        const text = await user.run(['archive', id], { env })
        expect(text.stderr).toMatch(new RegExp(`^cli-gamma: "${lock}" is still held by test .*\n$`))
        expect({ code: text.code, stdout: text.stdout }).toEqual({ code: 75, stdout: '' })

        const json = await user.run(['archive', id, '--json'], { env })
        expect(JSON.parse(json.stdout)).toMatchObject({
          error: { code: 'LOCK_TIMEOUT', message: expect.stringContaining(lock) as string },
        })
        expect({ code: json.code, stderr: json.stderr }).toEqual({ code: 75, stderr: text.stderr })
        // The locks taken before the busy one have been released.
        expect((await locks.list()).map(({ resource }) => resource)).toEqual([lock])
      })
      expect(user.store()).toBe(before)
      expect(user.archive(id)).toBeUndefined()
      const failed = await user.withOps((ops) => ops.events.read('command:failed'))
      expect(failed.map(({ data }) => data.exitCode)).toEqual([75, 75])
    },
  )

  test('of a killed cli-alpha pass to a waiting archive', async () => {
    const { user, id } = await userWithWork()
    const source = user.write('more.json', user.read('data/tasks.json')!)
    const sync = user.start(['sync', '--from', source, '--pace', '90000'], { cli: 'cli-alpha' })
    await sync.wrote(/^syncing/m)
    const archive = user.start(['archive', id])
    await archive.wrote(
      new RegExp(
        `^cli-gamma: waiting for "task-database", .* cli-alpha sync \\(pid ${sync.pid}, `,
        'm',
      ),
    )
    sync.kill('SIGKILL')
    expect((await archive.end).code).toBe(0)
    expect(user.archive(id)?.tasks).toHaveLength(1)
  })

  test('are all released when the waiting archive is interrupted', async () => {
    const { user, id } = await userWithWork()
    await user.withOps(async ({ locks }) => {
      await using _held = await locks.lock('projects')
      const archive = user.start(['archive', id])
      await archive.wrote(/waiting for "projects"/)
      archive.kill('SIGINT')
      expect(await archive.end).toMatchObject({ code: null, signal: 'SIGINT', stdout: '' })
      const left = await locks.list()
      expect(left).toMatchObject([{ resource: 'projects', waiters: [] }])
    })
  })
})
