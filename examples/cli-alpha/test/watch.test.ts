import { renameSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

import { User } from './cli-alpha.js'

async function startWatch(user: User, ...args: string[]) {
  const watch = user.start(['watch', ...args])
  await watch.wrote(/^watching/m)
  return watch
}

function eventsIn(output: string) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { type: string; source: string; data: unknown })
}

describe('events', () => {
  test('of every change are standard events, in the order of the changes', async () => {
    const user = new User()
    const watch = await startWatch(user, '--json')
    const id = await user.add('Feed the cat')
    await user.ok('edit', id, '--title', 'Feed the dog')
    await user.ok('done', id)
    await user.ok('delete', id)
    await watch.wrote(/task:deleted/)
    expect(eventsIn(watch.stdout).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'task:created', data: { id, title: 'Feed the cat' } },
      { type: 'task:updated', data: { id, changes: { title: 'Feed the dog' } } },
      { type: 'task:updated', data: { id, changes: { doneAt: expect.any(String) as string } } },
      { type: 'task:deleted', data: { id } },
    ])
  })

  test('of thirty tasks finished by one command all arrive', async () => {
    const user = new User()
    const source = user.write(
      'thirty.json',
      Array.from({ length: 30 }, (_, index) => ({
        id: `n${index}`,
        title: `Task ${index}`,
        tags: [],
        createdAt: '2026-01-01',
        updatedAt: '2026-01-01',
      })),
    )
    const watch = await startWatch(user, '--json')
    await user.ok('sync', '--from', source)
    await user.ok('done', ...Array.from({ length: 30 }, (_, index) => `n${index}`))
    await watch.wrote(/task:updated.*"n29"/)
    const types = eventsIn(watch.stdout).map(({ type }) => type)
    expect(types.filter((type) => type === 'task:created')).toHaveLength(30)
    expect(types.filter((type) => type === 'task:updated')).toHaveLength(30)
  })

  test('of a failed command do not exist', async () => {
    const user = new User()
    const watch = await startWatch(user, '--json', '--all')
    await user.run(['done', 'nope'])
    await watch.wrote(/command:failed/)
    const types = eventsIn(watch.stdout).map(({ type }) => type)
    expect(types).toEqual(['command:started', 'command:failed'])
  })

  test('of the meantime reach a group that returns', async () => {
    const user = new User()
    const first = await startWatch(user, '--json', '--group', 'me')
    await user.add('seen')
    await first.wrote(/seen/)
    first.kill('SIGINT')
    await first.end
    await user.add('missed')
    const second = await startWatch(user, '--json', '--group', 'me')
    await second.wrote(/missed/)
    expect(second.stdout).not.toContain('seen')
  })
})

describe('settings', () => {
  test('edited by hand, in place or by a new file, and by a command, are announced once', async () => {
    const user = new User()
    user.write('config/config.json', { list: { sort: 'created' } })
    const watch = await startWatch(user, '--json')
    const second = await startWatch(user, '--json')

    writeFileSync(user.settingsFile, JSON.stringify({ list: { sort: 'due' } }))
    await watch.wrote(/config:changed.*"due"/)
    writeFileSync(`${user.settingsFile}~`, JSON.stringify({ list: { sort: 'created' } }))
    renameSync(`${user.settingsFile}~`, user.settingsFile)
    await watch.wrote(/config:changed.*"created"/)
    await user.ok('config', 'set', 'sync.board', '/board.md')
    await watch.wrote(/board\.md/)
    await user.add('last')
    await Promise.all([watch.wrote(/last/), second.wrote(/last/)])

    const changes = [
      { key: 'list.sort', value: 'due' },
      { key: 'list.sort', value: 'created' },
      { key: 'sync.board', value: '/board.md' },
    ]
    for (const { stdout } of [watch, second]) {
      const told = eventsIn(stdout).filter(({ type }) => type === 'config:changed')
      expect(told.map(({ data }) => data)).toEqual(changes)
    }
  })

  test('are watched by the second watch when the first one was killed', async () => {
    const user = new User()
    user.write('config/config.json', { list: { sort: 'created' } })
    const first = await startWatch(user)
    const second = await startWatch(user)
    first.kill('SIGKILL')
    await first.end
    await user.withOps(async ({ locks }) => {
      await expect
        .poll(async () => (await locks.inspect('cli-alpha-settings-watcher'))?.owner.pid, {
          timeout: 60_000,
        })
        .toBe(second.pid)
    })
    await user.ok('config', 'set', 'list.sort', 'due')
    await second.wrote(/config:changed/)
  })

  test('made while a watch runs are announced by it', async () => {
    const user = new User()
    const watch = await startWatch(user, '--json')
    await user.ok('config', 'set', 'list.sort', 'due')
    await watch.wrote(/config:changed/)
    const [event] = eventsIn(watch.stdout)
    expect(event).toMatchObject({ data: { key: 'list.sort', value: 'due' } })
  })

  test('changed without a watch are announced by the command', async () => {
    const user = new User()
    await user.withOps(async ({ events }) => {
      const heard = events.once('config:changed', { signal: AbortSignal.timeout(20_000) })
      await user.ok('config', 'set', 'list.sort', 'due')
      expect((await heard).data).toEqual({ key: 'list.sort', value: 'due' })
    })
  })
})

describe('requests', () => {
  test('for the tasks are answered, in both forms', async () => {
    const user = new User()
    await user.add('asked for')
    await startWatch(user)
    const tasks = await user.tasks()
    await user.withOps(async (ops) => {
      const client = ops.connect('cli-alpha')
      expect(await client.request({ action: 'get-tasks' })).toEqual({ tasks })
      expect(await client.call('get-tasks')).toEqual({ tasks })
      await expect(client.request({ action: 'get-money' })).rejects.toMatchObject({
        code: 'REMOTE_ERROR',
      })
    })
  })
})

describe('the end', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s holds nothing, and the next clean-up removes the rest',
    async (signal) => {
      const user = new User()
      const watch = await startWatch(user)
      await user.withOps(async ({ registry }) => {
        expect(await registry.discover()).toMatchObject([{ name: 'cli-alpha', pid: watch.pid }])
        watch.kill(signal)
        // A shell shows it as 130 or 143.
        expect(await watch.end).toMatchObject({ code: null, signal })
        expect(await registry.discover()).toEqual([])
      })
      // A signal does to it what it does to any program; other processes know that what it leaves is dead.
      await user.withOps(async ({ locks, registry }) => {
        expect(await registry.discover()).toEqual([])
        await locks.cleanStaleLocks()
        await registry.cleanDeadProcesses()
      })
      expect(user.leftovers()).toEqual([])
    },
  )

  test('comes quietly when the reader of its output has gone', async () => {
    const user = new User()
    const watch = await startWatch(user)
    watch.closeOutput()
    await user.add('nobody reads this')
    const { code, signal, stderr } = await watch.end
    expect({ code, signal }).toEqual({ code: 0, signal: null })
    expect(stderr).not.toContain('EPIPE')
  })
})
