import { describe, expect, test } from 'vitest'

import { hostProject } from './fixtures/host-project.js'

const HOST = `import { createCoordinator } from '@cli-ops/shared-ipc'
const other = createCoordinator({ name: 'other', home: process.env.CLI_OPS_HOME })
const isLocked = (name) => other.locks.isLocked(name)
program.use(cliOps())
program.command('async').action(withLock('db', async () => console.log(await isLocked('db'))))
program.command('throws').action(withLock('db', () => { throw new Error('thrown') }))
program.command('rejects').action(withLock('db', async () => { throw new Error('rejected') }))
program.command('fails').action(withLock({ resource: 'db', onBusy: 'fail' }, () => console.log('ran')))
program.command('skips').action(withLock({ resource: 'db', onBusy: 'skip' }, () => console.log('ran')))
program.command('shared').action(withLock({ resource: 'db', mode: 'shared' }, () => console.log('ran')))
program
  .command('arguments <one> [more...]')
  .option('--flag <value>')
  .action(withLock('db', function (one, more, options, command) {
    console.log(JSON.stringify([one, more, options, this === command, command.name()]))
  }))
program.command('inner').action(withLock('db', async () => {
  await withLock('table', async () => console.log(await isLocked('db'), await isLocked('table')))()
  console.log(await isLocked('table'))
}))
program.command('again').action(withLock('db', () => withLock('db', () => console.log('ran twice'))()))
await program.parseAsync()
console.error(await isLocked('db'))`

test('an asynchronous action holds its lock until it ends, and no longer', async () => {
  const host = hostProject(HOST)
  expect(await host.run(['async'])).toEqual({ status: 0, stdout: 'true\n', stderr: 'false\n' })
})

test('passes on this, arguments and options', async () => {
  const { stdout } = await hostProject(HOST).run(['arguments', 'a', 'b', 'c', '--flag', 'x'])
  expect(JSON.parse(stdout)).toEqual(['a', ['b', 'c'], { flag: 'x' }, true, 'arguments'])
})

test.each([
  ['throws', 'Error: thrown'],
  ['rejects', 'Error: rejected'],
])('passes on what an action that %s returns, and releases the lock', async (name, message) => {
  const host = hostProject(HOST)
  const { status, stderr } = await host.run([name])
  expect(status).toBe(1)
  expect(stderr).toContain(message)
  const { types, locks } = await host.traces()
  expect(types).toEqual(['command:started', 'command:failed'])
  expect(locks).toEqual([])
})

test('locks nest', async () => {
  const { stdout } = await hostProject(HOST).run(['inner'])
  expect(stdout).toBe('true true\nfalse\n')
})

test('code within a lock shares it', async () => {
  const { status, stdout } = await hostProject(HOST).run(['again'])
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran twice\n' })
})

describe('with the lock taken', () => {
  test('"fail" ends with 75 immediately, and names the holder', async () => {
    const host = hostProject(HOST)
    await using lock = await host.coordinator().locks.lock('db')
    const { status, stdout, stderr } = await host.run(['fails'])
    expect({ status, stdout }).toEqual({ status: 75, stdout: '' })
    expect(stderr).toMatch(/^host: "db" is .*observer.*\(pid \d+, .*\), for \d+ m?s\n$/)
    lock.assertHeld()
    const { events } = await host.traces()
    expect(events.at(-1)).toMatchObject({
      type: 'command:failed',
      data: { exitCode: 75, error: { code: 'LOCK_HELD' } },
    })
  })

  test('"skip" counts as success, and says so', async () => {
    const host = hostProject(HOST)
    await using lock = await host.coordinator().locks.lock('db')
    const { status, stdout, stderr } = await host.run(['skips'])
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    expect(stderr).toMatch(/^host: skipped: "db" is .*\n/)
    lock.assertHeld()
    expect((await host.traces()).types).toEqual(['command:started', 'command:completed'])
  })

  test('a wait has the environment’s limit', async () => {
    const host = hostProject(HOST)
    await using lock = await host.coordinator().locks.lock('db')
    const { status, stderr } = await host.run(['async'], { env: { CLI_OPS_LOCK_TIMEOUT_MS: '1' } })
    expect(status).toBe(75)
    expect(stderr).toMatch(/^host: .*"db".*observer/m)
    lock.assertHeld()
  })

  test('a wait ends when the holder releases', async () => {
    const host = hostProject(HOST)
    const lock = await host.coordinator().locks.lock('db')
    const waiting = host.start(['async'])
    await waiting.says('host: waiting for "db"')
    await lock.release()
    const { status, stdout, stderr } = await waiting.ended
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'true\n' })
    expect(stderr).toMatch(
      /^host: waiting for "db",.* held for .* by observer .*\(pid \d+, .*\)\nfalse\n$/,
    )
  })

  test('shared owners do not block each other', async () => {
    const host = hostProject(HOST)
    await using lock = await host.coordinator().locks.lock('db', { mode: 'shared' })
    expect(await host.run(['shared'])).toMatchObject({ status: 0, stdout: 'ran\n' })
    lock.assertHeld()
  })
})

test.each([
  [`withLock('db')`, 'TypeError: withLock must be given a function to run, got undefined'],
  [`withLock('', () => undefined)`, 'TypeError: lock must not be empty'],
  [`withLock({}, () => undefined)`, 'TypeError: lock.resource is missing'],
  [`withLock({ resource: 'db', busy: 'fail' }, () => undefined)`, 'unknown key "busy"'],
])('%s is refused where it is written', async (call, message) => {
  const { status, stderr } = await hostProject(call).run([])
  expect(status).toBe(1)
  expect(stderr).toContain(message)
})

test('withLock also locks in a program without the plugin', async () => {
  const host = hostProject(`import { LockManager } from '@cli-ops/shared-ipc'
program.command('sync').action(withLock('db', async () => console.log(await new LockManager('db').isLocked())))
await program.parseAsync()`)
  expect(await host.run(['sync'])).toEqual({ status: 0, stdout: 'true\n', stderr: '' })
  expect((await host.traces()).types).toEqual([])
})
