import { expect, test } from 'vitest'

import { hostProject, type HostProject } from './fixtures/host-project.js'

const HOST = `program.use(cliOps({ lifecycleEvents: false }))
const task = { id: '1', title: 'Write' }
program.command('sync').action(emits('task:created', () => task))
program.command('async').action(emits('task:created', async () => task))
program.command('nothing').action(emits('task:created', () => undefined))
program.command('none').action(emits(() => undefined, () => task))
program.command('several <title>').action(emits(
  ({ command, args, result, exitCode }) => [
    { type: 'task:created', data: { ...result, title: args[0] } },
    { type: 'seen', data: { command, exitCode } },
  ],
  async () => task,
))
program.command('one').action(emits(({ result }) => ({ type: 'task:deleted', data: { id: result.id } }), () => task))
program.command('throws').action(emits('task:created', () => { throw new Error('thrown') }))
program.command('rejects').action(emits('task:created', async () => { throw new Error('rejected') }))
program.command('locked').action(emits('task:created', withLock({ resource: 'db', onBusy: 'fail' }, () => task)))
program.command('skipped').action(emits('task:created', withLock({ resource: 'db', onBusy: 'skip' }, async () => task)))
program.command('outside').action(withLock({ resource: 'db', onBusy: 'fail' }, emits('task:created', async () => task)))
program.command('bad-type').action(emits(() => ({ type: 'task:*', data: {} }), () => task))
program.command('bad-data').action(emits('task:created', () => ({ id: 1n })))
program.command('bad-function').action(emits(() => { throw new Error('no events') }, () => console.log('done')))
program.command('bad-promise').action(emits(async () => { throw new Error('no events') }, () => console.log('done')))
program.command('null').action(emits(() => null, () => task))
program.command('this <a>').option('-f').action(emits('task:created', function (a, options, command) {
  return { same: this === command, a, options }
}))
await program.parseAsync()`

async function emitted(host: HostProject): Promise<(readonly [type: string, data: unknown])[]> {
  const { events } = await host.traces()
  return events.map(({ type, data }) => [type, data] as const)
}

const CREATED = ['task:created', { id: '1', title: 'Write' }]

test.each([
  ['sync', [CREATED]],
  ['async', [CREATED]],
  ['none', []],
  ['null', []],
  ['one', [['task:deleted', { id: '1' }]]],
  ['locked', [CREATED]],
  ['skipped', [CREATED]],
  ['outside', [CREATED]],
])('%s emits its events and prints nothing', async (command, events) => {
  const host = hostProject(HOST)
  expect(await host.run([command])).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(await emitted(host)).toEqual(events)
})

test('without a result, the data is the facts of the command', async () => {
  const host = hostProject(HOST)
  await host.run(['nothing'])
  expect(await emitted(host)).toMatchObject([['task:created', { cli: 'host', command: 'nothing' }]])
})

test('a function turns the outcome into several events', async () => {
  const host = hostProject(HOST)
  await host.run(['several', 'Read'])
  expect(await emitted(host)).toEqual([
    ['task:created', { id: '1', title: 'Read' }],
    ['seen', { command: 'several', exitCode: 0 }],
  ])
})

test('passes on this and the arguments', async () => {
  const host = hostProject(HOST)
  await host.run(['this', 'x', '-f'])
  expect(await emitted(host)).toEqual([
    ['task:created', { same: true, a: 'x', options: { f: true } }],
  ])
})

test.each(['throws', 'rejects'])('emits nothing for an action that %s', async (command) => {
  const host = hostProject(HOST)
  expect((await host.run([command])).status).toBe(1)
  expect(await emitted(host)).toEqual([])
})

test.each([
  ['locked', 75],
  ['skipped', 0],
  ['outside', 75],
])('emits nothing if the lock of "%s" was refused', async (command, status) => {
  const host = hostProject(HOST)
  await using lock = await host.coordinator().locks.lock('db')
  expect(await host.run([command])).toMatchObject({ status, stdout: '' })
  lock.assertHeld()
  expect(await emitted(host)).toEqual([])
})

test.each([
  ['bad-type', 'host: no event after "bad-type": type must not contain "*"'],
  ['bad-data', 'host: no event after "bad-data": '],
  ['bad-function', 'host: no event after "bad-function": no events'],
  [
    'bad-promise',
    'host: no event after "bad-promise": emits() must return its events directly, got a promise',
  ],
])('%s causes one warning: the work is already done', async (command, warning) => {
  const host = hostProject(HOST)
  const { status, stderr } = await host.run([command])
  expect(status).toBe(0)
  expect(stderr).toContain(warning)
  expect(stderr.split('\n')).toHaveLength(2)
  expect(await emitted(host)).toEqual([])
})

test.each([
  ['', 'events must not be empty'],
  ['task:*', 'events must not contain "*"'],
])('refuses the type %j where it is written', async (type, message) => {
  const { status, stderr } = await hostProject(`emits('${type}', () => undefined)`).run([])
  expect(status).toBe(1)
  expect(stderr).toContain(`TypeError: ${message}`)
})

test('emits an event while the lock around it is held', async () => {
  const host = hostProject(`program.use(cliOps({ lifecycleEvents: false }))
program.command('sync').action(
  withLock('db', emits(() => {
    console.log('emitting')
    return { type: 'sync:done', data: {} }
  }, () => undefined)),
)
program.command('order').action(withLock('db', async () => {
  const { LockManager } = await import('@cli-ops/shared-ipc')
  let held
  await emits(() => ({ type: 'order', data: { held } }), async () => {
    held = await new LockManager('db').isLocked()
  })()
}))
await program.parseAsync()`)
  expect((await host.run(['sync'])).stdout).toBe('emitting\n')
  await host.run(['order'])
  expect(await emitted(host)).toEqual([
    ['sync:done', {}],
    ['order', { held: true }],
  ])
})

test('emits says in a program without the plugin that no event follows', async () => {
  const host = hostProject(`program.command('sync').action(emits('done', () => console.log('ran')))
program.parse()`)
  expect(await host.run(['sync'])).toEqual({
    status: 0,
    stdout: 'ran\n',
    stderr:
      'host: no event after emits(): the plugin is not in use; add cliOps() to the program before it parses\n',
  })
  expect(await emitted(host)).toEqual([])
})
