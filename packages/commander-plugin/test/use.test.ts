import { describe, expect, test } from 'vitest'

import { copyPackage, hostProgram, hostProject } from './fixtures/host-project.js'

const COMMAND = `program.command('sync').action(() => console.log('synced'))
program.parse()`
const SYNCED = { status: 0, stdout: 'synced\n', stderr: '' }
const COORDINATED = ['command:started', 'command:completed']

describe('program.use() exists', () => {
  const imports = {
    commander: `import { Command } from 'commander'`,
    plugin: `import { cliOps } from '@cli-ops/commander-plugin'`,
  }
  const program = `const program = new Command('host').use(cliOps())\n${COMMAND}`

  test.each([
    ['an ES module that imports commander first', [imports.commander, imports.plugin]],
    ['an ES module that imports the plugin first', [imports.plugin, imports.commander]],
  ])('in %s', async (_what, lines) => {
    const host = hostProject({ 'host.mjs': [...lines, program].join('\n') })
    expect(await host.run(['sync'])).toEqual(SYNCED)
    expect((await host.traces()).types).toEqual(COORDINATED)
  })

  const requires = {
    commander: `const { Command } = require('commander')`,
    plugin: `const { cliOps } = require('@cli-ops/commander-plugin')`,
  }
  test.each([
    ['a CommonJS program that requires commander first', [requires.commander, requires.plugin]],
    ['a CommonJS program that requires the plugin first', [requires.plugin, requires.commander]],
  ])('in %s', async (_what, lines) => {
    const host = hostProject({ 'host.cjs': [...lines, program].join('\n') })
    expect(await host.run(['sync'], { file: 'host.cjs' })).toEqual(SYNCED)
    expect((await host.traces()).types).toEqual(COORDINATED)
  })

  test('on a program of the exported singleton', async () => {
    const host = hostProject({
      'host.mjs': `import { program } from 'commander'
${imports.plugin}
program.name('host').use(cliOps())
${COMMAND}`,
    })
    expect(await host.run(['sync'])).toEqual(SYNCED)
    expect((await host.traces()).types).toEqual(COORDINATED)
  })

  test('on another copy of commander loaded before the plugin', async () => {
    const host = hostProject({
      'host.mjs': [imports.commander, imports.plugin, program].join('\n'),
    })
    copyPackage(host.directory, 'commander', 'commander-13')
    expect(await host.run(['sync'])).toEqual(SYNCED)
    expect((await host.traces()).types).toEqual(COORDINATED)
  })
})

test.each(['commander', 'commander-12', 'commander-13'])(
  'the function form works for a nested copy of %s loaded after the plugin',
  async (source) => {
    const host = hostProject({
      'host.mjs': `import { cliOps } from '@cli-ops/commander-plugin'
const { Command } = await import('commander')
const program = new Command('host')
console.error(typeof program.use)
cliOps()(program)
${COMMAND}`,
    })
    copyPackage(host.directory, 'commander', source)
    expect(await host.run(['sync'])).toEqual({ ...SYNCED, stderr: 'undefined\n' })
    expect((await host.traces()).types).toEqual(COORDINATED)
  },
)

test('commander’s own use() wins, if it has one', async () => {
  const host = hostProject({
    'host.mjs': `import { Command } from 'commander'
Command.prototype.use = function (plugin) {
  console.log('native')
  plugin(this)
  return this
}
const { cliOps } = await import('@cli-ops/commander-plugin')
const program = new Command('host').use(cliOps())
${COMMAND}`,
  })
  expect(await host.run(['sync'])).toEqual({ ...SYNCED, stdout: 'native\nsynced\n' })
  expect((await host.traces()).types).toEqual(COORDINATED)
})

test('use() is not an enumerable property of a command, and returns the program', async () => {
  const host = hostProject(`
const seen = []
for (const key in program) seen.push(key)
console.log(seen.includes('use'), Object.keys(program).includes('use'), program.use(cliOps()) === program)`)
  expect((await host.run([])).stdout).toBe('false false true\n')
})

describe('the plugin handles every command once', () => {
  test('when it is used twice on one program with the same options', async () => {
    const host = hostProject(`program
  .use(cliOps({ commands: { sync: { emits: 'done' } } }))
  .use(cliOps({ commands: { sync: { emits: 'done' } } }))
${COMMAND}`)
    expect(await host.run(['sync'])).toEqual(SYNCED)
    expect((await host.traces()).types).toEqual(['command:started', 'done', 'command:completed'])
  })

  test('when it is used twice on one program with different options: no command runs', async () => {
    const host = hostProject(`program
  .use(cliOps({ commands: { sync: { emits: 'first:done' } } }))
  .use(cliOps({ commands: { sync: { emits: 'second:done' } } }))
${COMMAND}`)
    const { status, stdout, stderr } = await host.run(['sync'])
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
    expect(stderr).toMatch(/^host: cliOps\(\) is used twice .*commands\["sync"\].*\n$/)
  })

  test('when it is used on one subcommand: it coordinates only that one, by its own path', async () => {
    const host = hostProject(`const task = program.command('task')
task.use(cliOps({ commands: { add: { emits: 'task:created' } } }))
task.command('add').action(() => ({ id: '1' }))
program.command('other').action(() => undefined)
program.parse()`)
    expect((await host.run(['other'])).status).toBe(0)
    expect((await host.traces()).types).toEqual([])
    expect((await host.run(['task', 'add'])).status).toBe(0)
    const { types, events } = await host.traces()
    expect(types).toEqual(['command:started', 'task:created', 'command:completed'])
    expect(events[0]?.data).toMatchObject({ cli: 'task', command: 'add' })
  })

  test('when a program with it becomes a subcommand of another one with it: the outer one handles it', async () => {
    const host = hostProject(`const inner = new Command('inner')
  .use(cliOps({ commands: { sync: { emits: 'inner:done' } } }))
inner.command('sync').action(() => undefined)
program
  .addCommand(inner)
  .use(cliOps({ commands: { 'inner sync': { emits: 'outer:done' } } }))
  .parse()`)
    expect((await host.run(['inner', 'sync'])).status).toBe(0)
    const { types, events } = await host.traces()
    expect(types).toEqual(['command:started', 'outer:done', 'command:completed'])
    expect(events[0]?.data).toMatchObject({ cli: 'host', command: 'inner sync' })
  })

  test('when one process builds two programs and parses one', async () => {
    const host = hostProject(`for (const name of ['one', 'two']) {
  const built = new Command(name).use(cliOps())
  built.command('sync').action(() => console.log(name))
  if (name === 'two') built.parse()
}`)
    expect((await host.run(['sync'])).stdout).toBe('two\n')
    expect((await host.traces()).types).toEqual(COORDINATED)
  })

  test('when one process calls parse several times', async () => {
    const host =
      hostProject(`program.use(cliOps({ commands: { add: { lock: 'db', emits: 'added' } } }))
program.command('add <title>').action((title) => ({ title }))
program.command('fail').action(() => { throw new Error('no') })
await program.parseAsync(['add', 'a'], { from: 'user' })
await program.parseAsync(['fail'], { from: 'user' }).catch(() => console.log('caught'))
await program.parseAsync(['add', 'b'], { from: 'user' })`)
    expect(await host.run([])).toEqual({ status: 0, stdout: 'caught\n', stderr: '' })
    const { events, types, locks } = await host.traces()
    expect(types).toEqual([
      ...['command:started', 'added', 'command:completed'],
      ...['command:started', 'command:failed'],
      ...['command:started', 'added', 'command:completed'],
    ])
    expect(events[1]?.data).toEqual({ title: 'a' })
    expect(events[6]?.data).toEqual({ title: 'b' })
    expect(locks).toEqual([])
  })
})

test('refuses wrong options immediately, naming option, rule and value', async () => {
  const host = hostProject(`program.use(cliOps({ comands: {} }))`)
  const { status, stderr } = await host.run([])
  expect(status).toBe(1)
  expect(stderr).toContain(
    'TypeError: options has an unknown key "comands"; did you mean "commands"?',
  )
})

describe('a synchronous parse() stays synchronous', () => {
  const body = (
    action: string,
  ): string => `program.use(cliOps({ commands: { sync: { lock: 'db' } } }))
program.command('sync').action(${action})
program.parse()
console.log('parsed')`

  test('with a free lock of a rule', async () => {
    const host = hostProject(body(`() => console.log('synced')`))
    expect(await host.run(['sync'])).toEqual({ ...SYNCED, stdout: 'synced\nparsed\n' })
  })

  test('with a free lock around the action', async () => {
    const host = hostProject(body(`withLock('other', () => console.log('synced'))`))
    expect(await host.run(['sync'])).toEqual({ ...SYNCED, stdout: 'synced\nparsed\n' })
  })

  test('and passes on a throw', async () => {
    const host = hostProject(`program.use(cliOps({ commands: { '*': { lock: 'db' } } }))
program.command('sync').action(withLock('other', () => { throw new Error('no') }))
try {
  program.parse()
} catch (error) {
  console.log('caught', error.message)
}`)
    expect(await host.run(['sync'])).toEqual({ ...SYNCED, stdout: 'caught no\n' })
    expect((await host.traces()).locks).toEqual([])
  })

  test('while it waits for a taken lock', async () => {
    const host = hostProject(body(`() => console.log('synced')`))
    const lock = await host.coordinator().locks.lock('db')
    const waiting = host.start(['sync'])
    await waiting.says('waiting for "db"')
    await lock.release()
    const { status, stdout } = await waiting.ended
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'synced\nparsed\n' })
  })
})

test('hostProgram produces the text that the other tests build on', async () => {
  const host = hostProject({ 'host.mjs': hostProgram(`program.use(cliOps())\n${COMMAND}`) })
  expect(await host.run(['--version'])).toEqual({ status: 0, stdout: '1.2.3\n', stderr: '' })
  expect((await host.traces()).types).toEqual([])
})
