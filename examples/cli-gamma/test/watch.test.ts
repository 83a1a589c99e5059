import { expect, test } from 'vitest'

import { User } from './cli-gamma.js'

test('prints what happens to projects and items, whichever program does it', async () => {
  const user = new User()
  const watch = await user.startWatch('--json')
  const id = await user.create('concert')
  await user.okOf('cli-alpha', 'add', 'not shown')
  await user.okOf('cli-beta', 'add', 'Piano', '--project', 'concert')
  await user.ok('archive', id)
  await watch.wrote(/project:archived/)
  const lines = watch.stdout.trim().split('\n')
  const events = lines.map((line) => JSON.parse(line) as { type: string; source: string })
  expect(events.map(({ type }) => type)).toEqual([
    'project:created',
    'item:created',
    'project:archived',
  ])
  expect(events[1]!.source).toMatch(/^\/cli-ops\/cli-beta\//)
})

test('answers get-projects', async () => {
  const user = new User()
  const id = await user.create('concert')
  await user.startWatch()
  await user.withOps(async (ops) => {
    expect(await ops.connect('cli-gamma').call('get-projects')).toMatchObject({
      projects: [{ id, name: 'concert' }],
    })
  })
})

test('status shows which CLIs answer, and which are busy with a command', async () => {
  const user = new User()
  expect(await user.ok('status')).toBe('no other CLI is running\n')
  const watch = await user.startWatch()
  await user.withOps(async ({ locks }) => {
    await using _lock = await locks.lock('items')
    const add = user.start(['add', 'x'], { cli: 'cli-beta' })
    await add.wrote(/waiting for/)
    const text = await user.ok('status')
    expect(text).toContain(`cli-gamma 0.1.0, pid ${watch.pid}, projects: 0\n`)
    expect(text).toContain(`cli-beta 0.1.0, pid ${add.pid}, is busy with a command\n`)
  })
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends watch, and the next clean-up removes what it leaves',
  async (signal) => {
    const user = new User()
    const watch = await user.startWatch()
    watch.kill(signal)
    expect(await watch.end).toMatchObject({ code: null, signal })
    // A signal does to it what it does to any program; other processes know that what it leaves is dead.
    await user.withOps(async ({ locks, registry }) => {
      expect(await registry.discover()).toEqual([])
      await locks.cleanStaleLocks()
      await registry.cleanDeadProcesses()
    })
    expect(user.leftovers()).toEqual([])
  },
)

test('the end of its reader ends watch', async () => {
  const user = new User()
  const watch = await user.startWatch()
  watch.closeOutput()
  await user.create('nobody reads this')
  const { code, stderr } = await watch.end
  expect(code).toBe(0)
  expect(stderr).not.toContain('EPIPE')
})
