import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import {
  copyPackage,
  type HostEnd,
  type HostProject,
  hostProject,
} from './fixtures/host-project.js'

const SPECIFIER = '@cli-ops/commander-plugin/register'
const FILE = fileURLToPath(new URL('../dist/register.cjs', import.meta.url))

const PACKAGE = JSON.stringify({ name: '@team/tool', type: 'module', bin: { tool: 'host.mjs' } })
const LOCKED = { commands: { '*': { lock: 'db' } } }

/** An unmodified program, with its own package.json. */
function project(
  body: string,
  files: Readonly<Record<string, string>> = {},
  rules: object = { tool: LOCKED },
): HostProject {
  const made = hostProject({
    'package.json': PACKAGE,
    'host.mjs': `import { Command } from 'commander'\n${body}`,
    ...files,
  })
  writeFileSync(join(made.home, 'config.json'), JSON.stringify({ clis: rules }))
  return made
}

function run(
  host: HostProject,
  args: readonly string[] = ['go'],
  options: { preload?: string; file?: string; env?: Record<string, string> } = {},
): Promise<HostEnd> {
  const { preload = `--require=${FILE}`, env, ...rest } = options
  return host.run(args, { env: { NODE_OPTIONS: preload, ...env }, ...rest })
}

const PROGRAM = `new Command('anything').command('go').action(() => console.log('went')).parent.parse()`

describe('a bare specifier does not follow a program to where it cannot be resolved', () => {
  const FORKS = `import { fork } from 'node:child_process'
    fork(process.argv[2], { cwd: '/', stdio: 'inherit' }).once('exit', (code) => process.exit(code ?? 1))`
  const CHILD = `console.log('child', process.execArgv.join(), process.env.NODE_OPTIONS ?? '')`

  test.each([
    ['--import', SPECIFIER],
    [`--import=${SPECIFIER}`],
    ['--require', SPECIFIER],
    ['-r', SPECIFIER],
  ])('node %s %s', (...options) => {
    const { directory } = project(PROGRAM, { 'fork.mjs': FORKS, 'child.mjs': CHILD })
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...options.filter(Boolean), 'fork.mjs', join(directory, 'child.mjs')],
      { cwd: directory, encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } },
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('dist/register.cjs')
  })

  test.each([`--import ${SPECIFIER}`, `--no-warnings --import="${SPECIFIER}"`, `-r ${SPECIFIER}`])(
    'NODE_OPTIONS=%s',
    async (preload) => {
      const host = project(PROGRAM, { 'fork.mjs': FORKS, 'child.mjs': CHILD })
      const { status, stdout, stderr } = await host.run([join(host.directory, 'child.mjs')], {
        file: 'fork.mjs',
        env: { NODE_OPTIONS: preload },
        before: `cd ${host.directory}`,
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(stdout).not.toContain(SPECIFIER)
      expect(stdout).toContain('dist/register.cjs')
    },
  )
})

describe('a program that parses no command line', () => {
  test('learns at its end that its rules did not hold, and ends as usual', async () => {
    const host = project(`console.log('went'); process.exit(3)`)
    const { status, stdout, stderr } = await run(host)
    expect({ status, stdout }).toEqual({ status: 3, stdout: 'went\n' })
    expect(stderr).toBe(
      `tool: the rules for "tool" in ${join(host.home, 'config.json')} did not hold: no commander was seen in it; ` +
        'use "cli-ops run --lock db -- tool"\n',
    )
  })

  test.each([
    ['throws', `throw new Error('broken')`],
    ['cannot import', `import './missing.mjs'`],
    ['rejects', `await 0; Promise.reject(new Error('broken'))`],
  ])('is not said to be badly attached if it %s', async (_what, source) => {
    const host = project(source)
    const { status, stderr } = await run(host)
    expect(status).toBe(1)
    expect(stderr.match(/^tool: .*$/gmu)).toEqual([
      `tool: the rules for "tool" in ${join(host.home, 'config.json')} did not hold: it failed before any commander was seen in it`,
    ])
  })

  test.each([
    ['without a rule', {}, ['go'], {}],
    ['whose CLI is turned off', { tool: { disabled: true, ...LOCKED } }, ['go'], {}],
    ['asked for help', { tool: LOCKED }, ['--help'], {}],
    ['where everything is turned off', { tool: LOCKED }, ['go'], { CLI_OPS_DISABLED: '1' }],
  ])('says nothing %s', async (_what, rules, args, env) => {
    const host = project(`console.log('went')`, {}, rules)
    expect(await run(host, args, { env })).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
  })

  test.each([
    '.help({ error: true })',
    '.outputHelp()',
    '.addCommand(new Command("go")).commands[0].help()',
  ])('says nothing if it shows its help instead: %s', async (how) => {
    const host = project(`new Command('tool')${how}`)
    const { stdout, stderr } = await run(host)
    expect(stdout + stderr).toMatch(/^Usage: tool/u)
    expect(stderr).not.toContain('did not hold')
  })

  test('says nothing in children that are not the program', async () => {
    const host = project(
      `import { execFileSync } from 'node:child_process'
      new Command().action(() => execFileSync(process.execPath, ['lib/worker.mjs'], { stdio: 'inherit' })).parse()`,
      { 'lib/worker.mjs': `console.log('worked')` },
    )
    const { stdout, stderr } = await host.run([], {
      env: { NODE_OPTIONS: `--require=${FILE}` },
      before: `cd ${host.directory}`,
    })
    expect({ stdout, stderr }).toEqual({ stdout: 'worked\n', stderr: '' })
  })

  test('says it once, whatever is preloaded', async () => {
    const host = project(`console.log('went')`)
    const yargs = FILE.replace('commander-plugin', 'yargs-plugin')
    const { stderr } = await run(host, ['go'], { preload: `--require=${FILE} --require=${yargs}` })
    expect(stderr.match(/did not hold/gu)).toHaveLength(1)
    expect(stderr).toContain('no commander and no yargs was seen')
  })
})

describe('a commander that is too old', () => {
  /** commander before it had hooks, or before the one that subcommands need. */
  function withOld(hook: string): HostProject {
    const host = project(PROGRAM)
    copyPackage(host.directory, 'commander')
    const file = join(host.directory, 'node_modules/commander/old.js')
    writeFileSync(
      file,
      `const { Command } = require('./index.js')
      Command.prototype.hook = ${hook}
      exports.Command = Command`,
    )
    writeFileSync(
      join(host.directory, 'host.mjs'),
      `import old from 'commander/old.js'\nconst { Command } = old\n${PROGRAM}`,
    )
    writeFileSync(
      join(host.directory, 'node_modules/commander/package.json'),
      JSON.stringify({ name: 'commander', version: '8.0.0' }),
    )
    return host
  }

  test.each([
    ['no hooks', 'undefined'],
    [
      'no hook for subcommands',
      `function (name) { if (name === 'preSubcommand') throw new Error('Unexpected value') }`,
    ],
  ])('refuses a program whose rule has a lock: %s', async (_what, hook) => {
    const host = withOld(hook)
    const { status, stdout, stderr } = await run(host)
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
    expect(stderr).toBe(
      `tool: refused: its commander is older than 9, so its lock in ${join(host.home, 'config.json')} cannot hold; ` +
        'use "cli-ops run --lock db -- tool"\n',
    )
  })

  test('changes nothing if no rule has a lock, and says that events are missing', async () => {
    const host = withOld('undefined')
    writeFileSync(
      join(host.home, 'config.json'),
      JSON.stringify({ clis: { tool: { commands: { go: { emits: 'tool:gone' } } } } }),
    )
    const { status, stdout, stderr } = await run(host)
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'went\n' })
    expect(stderr).toContain('did not hold: its commander is older than 9')
  })

  test('changes nothing at all without rules', async () => {
    const host = withOld('undefined')
    writeFileSync(join(host.home, 'config.json'), '{}')
    expect(await run(host)).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
  })

  test('refuses if the rules cannot be read', async () => {
    const host = withOld('undefined')
    writeFileSync(join(host.home, 'config.json'), '{ "clis": ')
    const { status, stderr } = await run(host)
    expect(status).toBe(78)
    expect(stderr).toMatch(/refused: .*config\.json cannot be used/u)
  })
})

describe('the rules hold', () => {
  test.each([
    ['11', 'svgo'],
    ['10', '@arethetypeswrong/cli'],
  ])('on commander %s', async (major, owner) => {
    const host = project(PROGRAM)
    const source = createRequire(join(root, 'node_modules', owner, 'package.json')).resolve(
      'commander',
    )
    writeFileSync(
      join(host.directory, 'host.mjs'),
      `import { createRequire } from 'node:module'
      const require = createRequire(${JSON.stringify(source)})
      if (!require('./package.json').version.startsWith('${major}.')) throw new Error('another commander')
      const { Command } = require(${JSON.stringify(source)})
      ${PROGRAM}`,
    )
    writeFileSync(
      join(host.home, 'config.json'),
      JSON.stringify({ clis: { tool: { commands: { go: { lock: 'db', emits: 'went:x' } } } } }),
    )
    expect(await run(host)).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
    expect((await host.traces()).types).toEqual(['command:started', 'went:x', 'command:completed'])
  })

  test('whichever of several copies has the command', async () => {
    const host = project('', {}, {})
    copyPackage(host.directory, 'first', 'commander-12')
    copyPackage(host.directory, 'second', 'commander-13')
    writeFileSync(
      join(host.directory, 'host.mjs'),
      `import { Command as First } from 'first'
      import { Command as Second } from 'second'
      import { Command as Third } from 'commander'
      for (const Class of [Third, First]) new Class()
      class Derived extends Second {}
      new Derived('tool').command('go').action(() => console.log('went')).parent.parse()`,
    )
    writeFileSync(
      join(host.home, 'config.json'),
      JSON.stringify({
        clis: { tool: { commands: { go: { lock: { resource: 'db', onBusy: 'fail' } } } } },
      }),
    )
    const held = await host.coordinator().locks.lock('db')
    expect(await run(host)).toMatchObject({ status: 75, stdout: '' })
    await held.release()
    expect(await run(host)).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
  })

  test.each([
    ['without an action', `new Command('tool').parse(); console.log('went')`],
    [
      'whose class has a parse() of its own',
      `class Tool extends Command { parse(...args) { super.parse(...args); console.log('went') } }
      new Tool('tool').parse()`,
    ],
    [
      'that is not the first to parse',
      `new Command('other').parse([], { from: 'user' })
      new Command('tool').parse()
      console.log('went')`,
    ],
  ])('in a program %s', async (_what, body) => {
    const rules = { lock: { resource: 'db', onBusy: 'fail' }, emits: 'tool:done' }
    const host = project(body, {}, { tool: { commands: { '': rules } } })
    const held = await host.coordinator().locks.lock('db')
    expect(await run(host, [])).toMatchObject({ status: 75, stdout: '' })
    await held.release()
    expect(await run(host, [])).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
    expect((await host.traces()).types.filter((type) => type === 'tool:done')).toHaveLength(1)
  })

  test('once, if a subcommand is a separate file', async () => {
    const host = project(
      `new Command('tool').command('build', 'builds').parse()`,
      {
        'host-build.mjs': `import { Command } from 'commander'\nnew Command('b').action(() => console.log('built')).parse()`,
      },
      { tool: { commands: { '*': { lock: 'db', emits: 'tool:done' } } } },
    )
    const { status, stdout, stderr } = await run(host, ['build'])
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'built\n', stderr: '' })
    expect((await host.traces()).types).toEqual([
      'command:started',
      'tool:done',
      'command:completed',
    ])
  })
})
