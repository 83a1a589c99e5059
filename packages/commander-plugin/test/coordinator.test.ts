import { expect, test } from 'vitest'

import { hostProject } from './fixtures/host-project.js'

const HOST = `import { useOps } from '@cli-ops/shared-ipc'
const aNumber = { '~standard': { version: 1, vendor: 'test', validate: (value) =>
  typeof value === 'number' ? { value } : { issues: [{ message: 'must be a number' }] } } }
program.use(cliOps({ serve: {
  add: async ({ a, b }) => a + b,
  square: { input: aNumber, output: aNumber, handler: (side) => side === 13 ? 'unlucky' : side * side },
  fail: () => { throw Object.assign(new Error('no such task'), { code: 'E_TASK' }) },
} }))
program.command('stay').action(() => {
  console.log('ready')
  return new Promise(() => setInterval(() => undefined, 60_000))
})
program.command('short').action(async () => console.log('done'))
program.command('ops').action(async () => {
  const ops = useOps()
  console.log(ops === useOps(), ops.name, ops.version)
  await ops.locks.acquire('db', async () => {
    await ops.events.emit('task:created', { id: '1' })
    console.log(await ops.locks.isLocked('db'), (await ops.registry.discover({ includeSelf: true })).map(({ name }) => name).join())
  })
  await ops.close()
})
if (process.argv[2] === 'outside') {
  try {
    useOps()
  } catch (error) {
    console.log(error.code, error.message)
  }
} else await program.parseAsync()`

test('answers the requests of "serve" while a command runs', async () => {
  const host = hostProject(HOST)
  const server = host.start(['stay'])
  await server.says('ready')
  const client = host.coordinator().connect('host')
  // The server comes up while the command is already running.
  expect(await client.call('add', { a: 1, b: 2 }, { waitMs: 20_000 })).toBe(3)
  await expect(client.call('fail', {})).rejects.toMatchObject({
    code: 'REMOTE_ERROR',
    message: expect.stringContaining('no such task') as unknown,
  })
  expect(await client.call('square', 3)).toBe(9)
  for (const side of ['3', 13])
    await expect(client.call('square', side)).rejects.toThrow('must be a number')
  await expect(client.call('constructor', {})).rejects.toMatchObject({ code: 'REMOTE_ERROR' })
  server.child.kill('SIGINT')
  expect(await server.ended).toEqual({ status: 'SIGINT', stdout: 'ready\n', stderr: '' })
  expect((await host.traces()).running).toBe(0)
})

test('a command ends when it is done, even if requests could still arrive', async () => {
  expect(await hostProject(HOST).run(['short'])).toEqual({
    status: 0,
    stdout: 'done\n',
    stderr: '',
  })
})

test('useOps() returns the running CLI’s only coordinator inside a handler', async () => {
  const host = hostProject(HOST)
  expect(await host.run(['ops'])).toEqual({
    status: 0,
    stdout: 'true host 1.2.3\ntrue host\n',
    stderr: '',
  })
  const { events, types } = await host.traces()
  expect(types).toEqual(['command:started', 'task:created', 'command:completed'])
  // The handler's own events and the plugin's come from one instance.
  expect(new Set(events.map(({ source }) => source)).size).toBe(1)
})

test('useOps() outside a CLI with a plugin says what to use instead', async () => {
  const { stdout } = await hostProject(HOST).run(['outside'])
  expect(stdout).toMatch(
    /^UNSUPPORTED useOps\(\) works inside a command .* createCoordinator\(\)\n$/,
  )
})

test('with CLI_OPS_DISABLED everything runs as if the kit were absent', async () => {
  const host = hostProject(`import { useOps } from '@cli-ops/shared-ipc'
program.use(cliOps({ serve: { ping: () => 'pong' }, commands: { '*': { lock: 'db', emits: 'done' } } }))
program.command('sync').action(withLock('db', emits('done', async () => console.log('ran'))))
await program.parseAsync()`)
  await using lock = await host.coordinator().locks.lock('db')
  const env = { CLI_OPS_DISABLED: '1' }
  expect(await host.run(['sync'], { env })).toEqual({ status: 0, stdout: 'ran\n', stderr: '' })
  lock.assertHeld()
  expect((await host.traces()).types).toEqual([])
})

test.each([
  ['CLI_OPS_DISABLED', '{}', { CLI_OPS_DISABLED: '1' }],
  ['disabled: true in code', '{ disabled: true }', {}],
])('with %s a handler has a coordinator that does nothing', async (_title, options, env) => {
  const host = hostProject(`import { useOps } from '@cli-ops/shared-ipc'
program.use(cliOps(${options}))
program.command('sync').action(withLock('db', async () => {
  const ops = useOps()
  await ops.events.emit('synced', {})
  await ops.locks.acquire('db', () => console.log('ran as', ops.name, ops.version))
  await ops.close()
}))
await program.parseAsync()`)
  await using lock = await host.coordinator().locks.lock('db')
  const expected = { status: 0, stdout: 'ran as host 1.2.3\n', stderr: '' }
  expect(await host.run(['sync'], { env })).toEqual(expected)
  lock.assertHeld()
  expect((await host.traces()).types).toEqual([])
})

test('the kit writes nothing to stdout, even with debugging on', async () => {
  const host = hostProject(HOST)
  const env = { CLI_OPS_DEBUG: '1' }
  expect((await host.run(['short'], { env })).stdout).toBe('done\n')
})
