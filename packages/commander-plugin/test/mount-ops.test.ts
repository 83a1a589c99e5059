import { expect, test } from 'vitest'

import { hostProject } from './fixtures/host-project.js'

const HOST = `program.use(cliOps({ ops: true }))
program.command('sync').action(() => console.log('synced'))
await program.parseAsync()`

test('mounts the commands with their own help, or none without ops', async () => {
  const host = hostProject(HOST)
  const help = await host.run(['ops', '--help'])
  expect(help.status).toBe(0)
  for (const command of ['status', 'locks', 'events', 'ps', 'clean', 'doctor']) {
    expect(help.stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
  }
  const without = hostProject(`program.use(cliOps())\nprogram.parse()`)
  expect((await without.run(['ops'])).status).toBe(1)
})

test('mounts them under any name, which remedies then use', async () => {
  const host = hostProject(
    `program.use(cliOps({ ops: 'coordination' }))\nawait program.parseAsync()`,
  )
  const { status, stdout } = await host.run(['coordination', 'locks', 'release', 'db', '--id', 'x'])
  expect(status).toBe(1)
  expect(stdout).toContain('see "host coordination locks"')
})

test('leaves no traces of a look: no event, no instance', async () => {
  const host = hostProject(HOST)
  for (const args of [['status'], ['locks'], ['events'], ['ps', '--json'], ['doctor']]) {
    expect(await host.run(['ops', ...args])).toMatchObject({ status: 0, stderr: '' })
  }
  expect(await host.traces()).toMatchObject({ types: [], running: 0 })
})

test('accepts the arguments and switches of "locks release" at any position', async () => {
  const host = hostProject(HOST)
  const ops = host.coordinator()
  for (const place of ['first', 'last']) {
    const lock = await ops.locks.lock('db')
    const own = ['release', 'db', '--id', lock.id]
    const args = place === 'first' ? ['locks', '--json', ...own] : ['locks', ...own, '--json']
    const { status, stdout } = await host.run(['ops', ...args])
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ resource: 'db', id: lock.id, released: true })
    await lock.release()
  }
})

test('reports a missing --id as a usage error of commander if nothing works without it', async () => {
  const { status, stderr } = await hostProject(HOST).run(['ops', 'events', 'drop', 'mail'])
  expect(status).toBe(1)
  expect(stderr).toContain("required option '--id <id>' not specified")
})

test('"locks release" without an id names the command that takes the lock, as it is called here', async () => {
  const host = hostProject(HOST)
  const lock = await host.coordinator().locks.lock('db')
  const { status, stdout } = await host.run(['ops', 'locks', 'release', 'db'])
  expect(status).toBe(1)
  expect(stdout).toContain(`host ops locks release db --id ${lock.id}`)
  lock.assertHeld()
})

test('"history" lists the turns of its commands', async () => {
  const host = hostProject(`program.use(cliOps({ ops: true, commands: { sync: { lock: 'db' } } }))
program.command('sync').action(() => undefined)
await program.parseAsync()`)
  await host.run(['sync'])
  const { stdout } = await host.run(['ops', 'history', 'db', '--since', '1h', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    turns: [{ resource: 'db', outcome: 'released', holder: { name: 'host', command: 'sync' } }],
  })
})

test('the mounted commands inspect the plugin’s own home', async () => {
  const host = hostProject(`program.use(cliOps({ ops: true, namespace: 'team' }))
program.command('sync').action(() => undefined)
await program.parseAsync()`)
  await host.run(['sync'])
  const { stdout } = await host.run(['ops', 'events', '--json'])
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { type: string }).type),
  ).toEqual(['command:started', 'command:completed'])
})
