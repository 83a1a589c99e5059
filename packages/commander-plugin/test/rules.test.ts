import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { hostProgram, hostProject, type HostProject } from './fixtures/host-project.js'

/** Runs a command and returns the rules that were applied, by their events. */
async function ruleOf(host: HostProject, args: readonly string[]): Promise<readonly string[]> {
  const before = (await host.traces()).types.length
  expect(await host.run(args)).toMatchObject({ status: 0, stderr: '' })
  return (await host.traces()).types.slice(before)
}

const COMMANDS = `program.action(() => console.log('root'))
program.command('list', { isDefault: false }).alias('ls').action(() => undefined)
const task = program.command('task').alias('t')
task.command('add <title>').alias('new').action(() => undefined)
task.command('done').action(() => undefined)
task.action(() => undefined)
await program.parseAsync()`

describe('the rule of a command', () => {
  const host = (): HostProject =>
    hostProject(`program.use(cliOps({
  lifecycleEvents: false,
  commands: {
    '': { emits: 'rule:root' },
    list: { emits: 'rule:list' },
    'task add': { emits: 'rule:task-add' },
    'task:done': { emits: 'rule:task-done' },
    '*': { emits: 'rule:any' },
  },
}))
${COMMANDS}`)

  test.each([
    ['the root’s own action', [], 'rule:root'],
    ['a command', ['list'], 'rule:list'],
    ['a command called by its alias', ['ls'], 'rule:list'],
    ['a nested command', ['task', 'add', 'x'], 'rule:task-add'],
    ['a nested command called by aliases', ['t', 'new', 'x'], 'rule:task-add'],
    ['a nested command written with a colon', ['task', 'done'], 'rule:task-done'],
    ['a command without one of its own', ['task'], 'rule:any'],
  ])('is found for %s', async (_what, args, rule) => {
    expect(await ruleOf(host(), args)).toEqual([rule])
  })
})

test('covers commands added after use(), at any depth', async () => {
  const host =
    hostProject(`program.use(cliOps({ lifecycleEvents: false, commands: { 'a b c': { emits: 'late' } } }))
program.command('a').command('b').command('c').action(() => undefined)
program.parse()`)
  expect(await ruleOf(host, ['a', 'b', 'c'])).toEqual(['late'])
})

test('applies to the default command by its name', async () => {
  const host =
    hostProject(`program.use(cliOps({ lifecycleEvents: false, commands: { start: { emits: 'started' } } }))
program.command('start', { isDefault: true }).action(() => undefined)
program.parse()`)
  expect(await ruleOf(host, [])).toEqual(['started'])
})

test('an event’s data is the action’s result', async () => {
  const host = hostProject(`program.use(cliOps({ lifecycleEvents: false, commands: {
  sync: { emits: 'a' },
  later: { emits: 'b' },
  made: { emits: ({ result, args, options, command, exitCode }) => [{ type: 'c', data: { result, args, options, command, exitCode } }] },
} }))
program.command('sync').action(() => ({ id: '1' }))
program.command('later').action(async () => ({ id: '2' }))
program.command('made <x>').option('--flag').action(async () => 7)
await program.parseAsync()`)
  await host.run(['sync'])
  await host.run(['later'])
  await host.run(['made', 'x', '--flag'])
  expect((await host.traces()).events.map(({ data }) => data)).toEqual([
    { id: '1' },
    { id: '2' },
    { result: 7, args: ['x'], options: { flag: true }, command: 'made', exitCode: 0 },
  ])
})

describe('a lock that a function chooses', () => {
  const HOST = `program.use(cliOps({ commands: { sync: { lock: ({ args, options, command }) =>
  options.fast ? { resource: args[0], onBusy: 'fail' } : \`\${command}-\${args[0]}\` } } }))
program.command('sync <what>').option('--fast').action((what) => console.log(what))
await program.parseAsync()`

  test('depends on the arguments', async () => {
    const host = hostProject(HOST)
    await using lock = await host.coordinator().locks.lock('a')
    expect(await host.run(['sync', 'a', '--fast'])).toMatchObject({ status: 75, stdout: '' })
    expect(await host.run(['sync', 'b', '--fast'])).toMatchObject({ status: 0, stdout: 'b\n' })
    expect(await host.run(['sync', 'a'])).toMatchObject({ status: 0, stdout: 'a\n' })
    lock.assertHeld()
  })

  test('is shown with CLI_OPS_DEBUG=1, even if there is none', async () => {
    const host = hostProject(
      HOST.replace('await program.parse', "program.command('list')\nawait program.parse"),
    )
    const env = { CLI_OPS_DEBUG: '1' }
    expect((await host.run(['sync', 'a'], { env })).stderr).toContain(
      'host: debug: the command "sync" takes {"resource":"sync-a"}\n',
    )
    expect((await host.run(['list'], { env })).stderr).toContain(
      'host: debug: no lock rule for the command "list"\n',
    )
  })

  test.each([
    [
      '() => undefined',
      'host: commands["sync"].lock() must be a resource name or a lock rule, got undefined',
    ],
    [`() => ''`, 'host: commands["sync"].lock() must not be empty'],
    [`() => { throw new Error('no lock') }`, 'host: no lock'],
    [`() => { throw undefined }`, 'host: commands["sync"].lock() threw undefined'],
    [
      `async () => 'db'`,
      'host: commands["sync"].lock() must return its answer directly, got a promise',
    ],
    [
      `async () => { throw new Error('no lock') }`,
      'host: commands["sync"].lock() must return its answer directly, got a promise',
    ],
  ])('prevents the command from running if it is wrong: %s', async (lock, message) => {
    const host = hostProject(`program.use(cliOps({ commands: { sync: { lock: ${lock} } } }))
program.command('sync').action(() => console.log('ran'))
await program.parseAsync()`)
    const { status, stdout, stderr } = await host.run(['sync'])
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
    expect(stderr).toBe(`${message}\n`)
  })
})

test('a refused promise of a lock does not end a host that survives rejections', async () => {
  const host = hostProject(`const lock = async () => { throw new Error('no lock') }
program.exitOverride().use(cliOps({ commands: { sync: { lock } } }))
program.command('sync').action(() => console.log('ran'))
await program.parseAsync(['sync'], { from: 'user' }).catch(({ name }) => console.log(name))
setImmediate(() => console.log('on'))`)
  expect(await host.run([])).toEqual({ status: 0, stdout: 'TypeError\non\n', stderr: '' })
})

describe('a subcommand that is a separate program', () => {
  const FILES = {
    'host.mjs':
      hostProgram(`program.use(cliOps({ commands: { child: { lock: { resource: 'db', onBusy: 'fail' } } } }))
program.command('child [words...]', 'a program of its own', { executableFile: 'child.mjs' })
program.parse()`),
    'child.mjs': `import { LockManager } from '@cli-ops/shared-ipc'
console.log(process.argv.slice(2).join(' '), await new LockManager('db').isLocked())
process.exitCode = 3`,
  }

  test('runs under the lock of its rule, and its exit code is the host’s', async () => {
    const host = hostProject(FILES)
    expect(await host.run(['child', 'a', 'b'])).toEqual({
      status: 3,
      stdout: 'a b true\n',
      stderr: '',
    })
    const { events, locks, types } = await host.traces()
    expect(types).toEqual(['command:started', 'command:failed'])
    expect(events[1]?.data).toMatchObject({ command: 'child', exitCode: 3 })
    expect(locks).toEqual([])
  })

  test('does not run without its lock', async () => {
    const host = hostProject(FILES)
    await using lock = await host.coordinator().locks.lock('db')
    expect(await host.run(['child'])).toMatchObject({ status: 75, stdout: '' })
    lock.assertHeld()
  })
})

test('a shared lock that was free admits other readers, but no writer', async () => {
  const host = hostProject({
    'host.mjs':
      hostProgram(`program.use(cliOps({ commands: { read: { lock: { resource: 'db', mode: 'shared', onBusy: 'fail' } } } }))
program.command('read', 'a program of its own', { executableFile: 'read.mjs' })
program.parse()`),
    'read.mjs': `import { LockManager } from '@cli-ops/shared-ipc'
const reader = await new LockManager().tryLock('db', { mode: 'shared' })
await reader?.release()
const writer = await new LockManager().tryLock('db')
console.log(reader !== null, writer !== null)`,
  })
  // As a writer leaves it, and then as readers do.
  await (await host.coordinator().locks.lock('db')).release()
  for (const _before of ['a writer', 'readers'])
    expect(await host.run(['read'])).toEqual({ status: 0, stdout: 'true false\n', stderr: '' })
  expect((await host.traces()).locks).toEqual([])
})

describe('config.json in the home', () => {
  function withConfig(content: string): HostProject {
    const host = hostProject(`program.use(cliOps({ commands: { sync: { lock: 'authors' } } }))
program.command('sync').action(() => console.log('ran'))
program.command('other').action(() => console.log('ran'))
await program.parseAsync()`)
    writeFileSync(join(host.home, 'config.json'), content)
    return host
  }

  test('adds the rules of the person who runs the CLI, which win', async () => {
    const rule = { lock: { resource: 'mine', onBusy: 'fail' }, emits: 'sync:done' }
    const host = withConfig(JSON.stringify({ clis: { host: { commands: { sync: rule } } } }))
    const lock = await host.coordinator().locks.lock('mine')
    expect(await host.run(['sync'])).toMatchObject({ status: 75, stdout: '' })
    await lock.release()
    await using _authors = await host.coordinator().locks.lock('authors')
    expect(await host.run(['sync'])).toEqual({ status: 0, stdout: 'ran\n', stderr: '' })
    expect((await host.traces()).types).toContain('sync:done')
  })

  test('can turn the kit off for one CLI', async () => {
    const host = withConfig('{ "clis": { "host": { "disabled": true } } }')
    await using _lock = await host.coordinator().locks.lock('authors')
    expect(await host.run(['sync'])).toEqual({ status: 0, stdout: 'ran\n', stderr: '' })
    expect((await host.traces()).types).toEqual([])
  })

  test('is not read for help and version', async () => {
    const host = withConfig('{')
    expect(await host.run(['--version'])).toEqual({ status: 0, stdout: '1.2.3\n', stderr: '' })
  })

  test.each([
    ['garbage', '{', 'JSON'],
    [
      'a wrong rule',
      '{ "clis": { "host": { "commands": { "sync": { "lock": 7 } } } } }',
      'clis["host"].commands["sync"].lock must be a resource name or a lock rule, got 7',
    ],
    [
      'a misspelt field',
      '{ "clis": { "host": { "commands": { "sync": { "lokc": "db" } } } } }',
      'clis["host"].commands["sync"] has an unknown key "lokc"; did you mean "lock"?',
    ],
    ['"cli" for "clis"', '{ "cli": {} }', 'it has an unknown key "cli"; did you mean "clis"?'],
    ['a list', '[]null', 'JSON'],
    ['binary rubbish', '\u0000\u001b[31m', 'JSON'],
  ])('with %s prevents every command from running', async (_what, content, reason) => {
    const host = withConfig(content)
    for (const command of ['other', 'sync']) {
      const { status, stdout, stderr } = await host.run([command])
      expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
      expect(stderr).toMatch(/^host: .*config\.json cannot be used: .+\n$/)
      expect(stderr).toContain(reason)
      expect(stderr).not.toContain('\u001b')
    }
  })

  test.each([
    ['synk', 'did you mean "sync"?'],
    ['release', 'it has "sync", "other"'],
    ['host sync', 'did you mean "sync"?'],
  ])(
    'a rule for "%s", which is not a command, prevents every command from running',
    async (key, reason) => {
      const host = withConfig(
        JSON.stringify({ clis: { host: { commands: { [key]: { lock: 'db' } } } } }),
      )
      const { status, stdout, stderr } = await host.run(['other'])
      expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
      expect(stderr).toContain(`commands["${key}"] must name a command of host; ${reason}`)
    },
  )
})
