import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { CliOpsUser } from './fixtures/cli-ops-user.js'
import { COMMANDER, installCli, type InstalledCli, OCLIF, YARGS } from './fixtures/installed-cli.js'

interface Attached {
  readonly cli: string
  readonly framework: string
  readonly version: string | null
  readonly shim?: string
  readonly rules: object
  readonly commands: readonly string[]
  readonly ready: boolean
}

type Tool = Omit<InstalledCli, 'name'>

/** A user with a program "tool", and a private folder for what oclif CLIs store. */
function userOf(tool?: Tool): CliOpsUser {
  const user = new CliOpsUser({ NODE_ENV: 'production' })
  user.env['TOOL_DATA_DIR'] = join(user.directory, 'data')
  user.env['TOOL_CACHE_DIR'] = join(user.directory, 'cache')
  if (tool !== undefined) installCli(user, { name: 'tool', ...tool })
  return user
}

function config(user: CliOpsUser): unknown {
  return JSON.parse(readFileSync(join(user.home, 'config.json'), 'utf8'))
}

function writeConfig(user: CliOpsUser, text: string): void {
  mkdirSync(user.home, { mode: 0o700, recursive: true })
  writeFileSync(join(user.home, 'config.json'), text)
}

const CLIS: readonly (readonly [title: string, framework: string, version: string, tool: Tool])[] =
  [
    [
      'commander 12',
      'commander',
      '12.1.0',
      { ...COMMANDER, packages: { commander: 'commander-12' } },
    ],
    [
      'commander 13',
      'commander',
      '13.1.0',
      { ...COMMANDER, packages: { commander: 'commander-13' } },
    ],
    ['commander 14', 'commander', '14.0.3', { ...COMMANDER, packages: { commander: 'commander' } }],
    ['yargs 17', 'yargs', '17.7.3', { ...YARGS, packages: { yargs: 'c8-11/node_modules/yargs' } }],
    [
      'yargs 18',
      'yargs',
      '18.2.0',
      {
        manifest: { type: 'module' },
        source: YARGS.source.replace("const yargs = require('yargs')", "import yargs from 'yargs'"),
        packages: { yargs: 'yargs' },
      },
    ],
    [
      'oclif, core 4',
      '@oclif/core',
      versionOf('@oclif/core'),
      { ...OCLIF, packages: { '@oclif/core': '@oclif/core' } },
    ],
  ]

/** An oclif CLI of one command, which takes every word as its argument. */
const SINGLE = {
  manifest: {
    oclif: { bin: 'tool', commands: { strategy: 'single', target: './command.js' } },
  },
  files: {
    'command.js': `const { Command } = require('@oclif/core')
      exports.default = class extends Command {
        async run() {
          require('node:fs').writeFileSync('ran', '')
          this.log('ran ' + this.argv.join(' '))
        }
      }
      exports.default.strict = false`,
  },
}

function versionOf(name: string): string {
  const manifest = readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

describe.each(CLIS)('a CLI on %s', (_title, framework, version, tool) => {
  test('is attached: its rules hold for the named commands', async () => {
    const user = userOf(tool)
    const attached = await user.json<Attached>(
      ...['attach', 'tool', '--lock', 'db', '--command', 's', '--command', 'task add'],
      ...['--on-busy', 'fail', '--emits', 'tool:done'],
    )
    const rule = { lock: { resource: 'db', onBusy: 'fail' }, emits: 'tool:done' }
    expect(attached).toMatchObject({
      cli: 'tool',
      framework,
      version,
      rules: { sync: rule, 'task add': rule },
    })
    expect(attached.commands).toEqual(expect.arrayContaining(['sync', 'build', 'task add']))
    expect(config(user)).toEqual({ clis: { tool: { commands: { sync: rule, 'task add': rule } } } })

    const command = attached.shim ?? 'tool'
    const ops = user.coordinator()
    const held = await ops.locks.lock('db')
    for (const args of ['sync', 's', 'task add'].filter(
      (name) => framework !== '@oclif/core' || name !== 's',
    ))
      expect(
        await user.bash(`${command} ${args.replace(' ', framework === '@oclif/core' ? ':' : ' ')}`)
          .ended,
      ).toMatchObject({ status: 75, stdout: '' })
    expect(await user.bash(`${command} build`).ended).toEqual({
      status: 0,
      stdout: 'built\n',
      stderr: '',
    })
    await held.release()
    expect(await user.bash(`${command} sync`).ended).toEqual({
      status: 0,
      stdout: 'synced\n',
      stderr: '',
    })
    const types = (await ops.events.read('tool:*', { from: 'earliest' })).map(({ type }) => type)
    expect(types).toEqual(['tool:done'])

    const [listed] = await user.json<{ rules: { command: string; lastHeld: string | null }[] }[]>(
      'attach',
      '--list',
    )
    expect(listed?.rules.map((one) => [one.command, one.lastHeld !== null])).toEqual([
      ['sync', true],
      ['task add', false],
    ])

    // A rule for another resource has not held yet, though the command has run.
    await user.json('attach', 'tool', '--lock', 'other', '--command', 'build')
    const [changed] = await user.json<{ rules: { command: string; lastHeld: string | null }[] }[]>(
      'attach',
      '--list',
    )
    expect(changed?.rules.find((one) => one.command === 'build')).toMatchObject({ lastHeld: null })

    expect(await user.run('detach', 'tool')).toMatchObject({
      status: 0,
      stdout: 'tool is detached\n',
    })
    expect(config(user)).toEqual({ clis: {} })
    expect(await user.json('attach', '--list')).toEqual([])
    if (attached.shim !== undefined) expect(existsSync(attached.shim)).toBe(false)
    await ops.locks.lock('db')
    expect(await user.bash('tool sync').ended).toEqual({
      status: 0,
      stdout: 'synced\n',
      stderr: '',
    })
  })

  test('reports its version, and what a misspelt command may mean', async () => {
    const user = userOf(tool)
    const { status, stdout, stderr } = await user.run('attach', 'tool', '--lock', 'db')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(
      `attached as tool (${framework} ${version}); rules hold for every command\n`,
    )
    const wrong = await user.run('attach', 'tool', '--lock', 'db', '--command', 'sycn')
    expect(wrong).toMatchObject({ status: 2, stdout: '' })
    expect(wrong.stderr).toBe(
      'cli-ops: --command must be a command of the program, got "sycn"; did you mean "sync"?\n',
    )
    // What was attached before still is.
    expect(await user.json<unknown[]>('attach', '--list')).toHaveLength(1)
    const { shim } = await user.json<Attached>('attach', 'tool')
    expect(await user.bash(`${shim ?? 'tool'} build`).ended).toMatchObject({ status: 0 })
  })
})

describe('wherever it was installed', () => {
  const commander = { ...COMMANDER, packages: { commander: 'commander' } }

  test('by pnpm, whose shim sets NODE_PATH', async () => {
    const user = userOf()
    const folder = installCli(user, {
      name: 'tool',
      by: 'pnpm',
      ...commander,
      source: `${COMMANDER.source}\nconsole.log(process.env.NODE_PATH)`,
    })
    const { shim = '' } = await user.json<Attached>('attach', 'tool', '--lock', 'db')
    expect(await user.bash(`${shim} sync`).ended).toEqual({
      status: 0,
      stdout: `synced\n${join(folder, 'node_modules')}\n`,
      stderr: '',
    })
  })

  test('by a file, and with options for node', async () => {
    const user = userOf()
    const source = `${COMMANDER.source}\nconsole.log(process.execArgv[0], process.argv[1])`
    const folder = installCli(user, {
      name: 'tool',
      by: 'none',
      node: '-S node --title=x',
      ...commander,
      source,
    })
    const file = join(folder, 'cli.js')
    const { shim = '', cli } = await user.json<Attached>('attach', file, '--lock', 'db')
    expect(cli).toBe('tool')
    expect((await user.bash(`${shim} sync`).ended).stdout).toBe(`synced\n--title=x ${file}\n`)
  })

  test('in a project, where npx finds it but a shell does not', async () => {
    const user = userOf()
    const folder = installCli(user, { name: 'tool', by: 'none', ...commander })
    const bin = join(user.directory, 'node_modules/.bin')
    mkdirSync(bin, { recursive: true })
    symlinkSync(join(folder, 'cli.js'), join(bin, 'tool'))
    const { status, stdout } = await user.run('attach', 'tool', '--lock', 'db')
    expect(status).toBe(0)
    expect(stdout).toContain(
      `npx and npm scripts start their project’s tool, bypassing this: write ${join(user.home, 'bin/tool')} there`,
    )
  })

  test('under the name of the given link, one of several', async () => {
    const user = userOf()
    const folder = installCli(user, { name: 'tool', ...commander })
    writeFileSync(
      join(folder, 'package.json'),
      '{ "name": "tool", "type": "module", "bin": { "tool": "cli.js", "tl": "cli.js" } }',
    )
    symlinkSync('tool', join(user.directory, 'bin/tl'))
    const options = ['--lock', 'db', '--name', 'tl']
    const attached = await user.json<Attached>('attach', './bin/tl', ...options)
    expect(attached).toMatchObject({ cli: 'tl', shim: join(user.home, 'bin/tl') })
    await user.coordinator().locks.lock('db')
    writeConfig(
      user,
      readFileSync(join(user.home, 'config.json'), 'utf8').replace(
        '"db"',
        '{ "resource": "db", "onBusy": "fail" }',
      ),
    )
    expect(await user.bash(`${attached.shim ?? ''} sync`).ended).toMatchObject({ status: 75 })
  })

  test('an oclif CLI of one command, which is not run for it', async () => {
    const user = userOf({
      ...SINGLE,
      source: OCLIF.source,
      packages: { '@oclif/core': '@oclif/core' },
    })
    const attached = await user.json<Attached>(
      'attach',
      'tool',
      '--lock',
      'db',
      '--on-busy',
      'fail',
    )
    expect(attached).toMatchObject({ cli: 'tool', framework: '@oclif/core', commands: [] })
    expect(existsSync(join(user.directory, 'ran'))).toBe(false)
    const held = await user.coordinator().locks.lock('db')
    expect(await user.bash('tool some').ended).toMatchObject({ status: 75, stdout: '' })
    await held.release()
    expect(await user.bash('tool some').ended).toEqual({
      status: 0,
      stdout: 'ran some\n',
      stderr: '',
    })
  })

  test('an oclif CLI bundled together with its oclif', async () => {
    const user = userOf()
    // As in a bundle: the package cannot resolve oclif, but still runs it.
    const bundled = (source: string): string =>
      source.replace(
        'require(',
        `require('module').createRequire(${JSON.stringify(join(root, 'package.json'))})(`,
      )
    const commands = ['sync', 'build', 'task:add'].map((id) => [
      id,
      { id, aliases: [], args: {}, flags: {} },
    ])
    installCli(user, {
      name: 'tool',
      ...OCLIF,
      source: bundled(OCLIF.source),
      files: {
        'commands.js': bundled(OCLIF.files['commands.js']),
        'oclif.manifest.json': JSON.stringify({
          version: '1.2.3',
          commands: Object.fromEntries(commands) as object,
        }),
      },
      packages: {},
    })
    const options = ['--lock', 'db', '--command', 'task:add', '--on-busy', 'fail']
    const attached = await user.json<Attached>('attach', 'tool', ...options)
    expect(attached).toMatchObject({ framework: '@oclif/core', version: null })
    await user.coordinator().locks.lock('db')
    expect(await user.bash('tool task:add').ended).toMatchObject({ status: 75, stdout: '' })
    expect(await user.bash('tool build').ended).toEqual({
      status: 0,
      stdout: 'built\n',
      stderr: '',
    })
  })

  test('a script that belongs to no package', async () => {
    const user = userOf()
    writeFileSync(
      join(user.directory, 'release.mjs'),
      COMMANDER.source.replace("'tool'", "'release'"),
    )
    mkdirSync(join(user.directory, 'node_modules'))
    symlinkSync(
      join(root, 'node_modules/commander'),
      join(user.directory, 'node_modules/commander'),
    )
    const attached = await user.json<Attached>('attach', './release.mjs', '--lock', 'db')
    expect(attached).toMatchObject({ cli: 'release', shim: join(user.home, 'bin/release') })
  })

  test('the shim in front of PATH is recognised, and not taken for the program', async () => {
    const user = userOf(commander)
    user.env['PATH'] = `${join(user.home, 'bin')}:${user.env['PATH'] ?? ''}`
    await user.run('attach', 'tool', '--lock', 'db')
    expect(await user.json<Attached>('attach', 'tool', '--lock', 'other')).toMatchObject({
      ready: true,
      rules: { '*': { lock: 'other' } },
    })
    expect(await user.bash('tool sync').ended).toMatchObject({ status: 0, stdout: 'synced\n' })
  })

  test('parts of PATH that are not folders are skipped, as in a shell', async () => {
    const user = userOf(commander)
    const [file, loop] = [join(user.directory, 'file'), join(user.directory, 'loop')]
    writeFileSync(file, '')
    symlinkSync(loop, loop)
    user.env['PATH'] = [file, loop, user.env['PATH'] ?? ''].join(':')
    expect(await user.json<Attached>('attach', 'tool', '--lock', 'db')).toMatchObject({
      cli: 'tool',
    })
  })

  test('a program that has gone is not started without its rules', async () => {
    const user = userOf(commander)
    const { shim = '' } = await user.json<Attached>('attach', 'tool', '--lock', 'db')
    rmSync(join(user.directory, 'bin/tool'))
    const { status, stderr } = await user.bash(`${shim} sync`).ended
    expect(status).toBe(78)
    expect(stderr).toBe(
      `tool: ${join(user.directory, 'bin/tool')} is missing, so its rules cannot hold; run "cli-ops attach tool" again\n`,
    )
  })
})

describe('what attaches a program has gone, which doctor and --list say', () => {
  async function toldBy(user: CliOpsUser, path: string): Promise<void> {
    const { status, stdout } = await user.run('doctor')
    expect(status).toBe(1)
    expect(stdout).toContain(`FAIL  attached: tool: ${path} has gone, so its rules do not hold\n`)
    expect(await user.json('attach', '--list')).toMatchObject([{ gone: [path] }])
  }

  test('a shim', async () => {
    const user = userOf({ ...COMMANDER, packages: { commander: 'commander' } })
    const { shim = '' } = await user.json<Attached>('attach', 'tool', '--lock', 'db')
    expect((await user.run('doctor')).stdout).not.toContain('attached:')
    rmSync(shim)
    await toldBy(user, shim)
  })

  test('a preload', async () => {
    const user = userOf({ ...COMMANDER, packages: { commander: 'commander' } })
    const { shim = '' } = await user.json<Attached>('attach', 'tool', '--lock', 'db')
    const text = readFileSync(shim, 'utf8')
    writeFileSync(shim, text.replaceAll('register.cjs', 'gone.cjs'))
    const [, preload = ''] = /--require=([^']+)'/u.exec(text) ?? []
    await toldBy(user, preload.replace('register.cjs', 'gone.cjs'))
  })

  test('the plugin of an oclif CLI', async () => {
    const user = userOf({ ...OCLIF, packages: { '@oclif/core': '@oclif/core' } })
    await user.json<Attached>('attach', 'tool', '--lock', 'db')
    expect((await user.run('doctor')).stdout).not.toContain('attached:')
    // As "plugins uninstall" leaves it.
    const data = join(user.directory, 'data')
    writeFileSync(join(data, 'package.json'), '{ "oclif": { "schema": 1, "plugins": [] } }')
    const link = join(data, 'node_modules/@cli-ops/oclif-plugin')
    rmSync(link)
    await toldBy(user, link)
  })
})

describe('real programs', () => {
  test.each([
    ['svgo', /^attached as svgo \(commander 11\.\d+\.\d+\); rules hold for every command$/mu],
    ['c8', /^attached as c8 \(yargs 18\.\d+\.\d+\); rules hold for every command$/mu],
    ['oclif', /^attached as oclif \(@oclif\/core 4\.\d+\.\d+\); rules hold for every command$/mu],
  ])('%s', async (name, message) => {
    const user = new CliOpsUser({ NODE_ENV: 'production', OCLIF_SKIP_NEW_VERSION_CHECK: 'true' })
    user.env['OCLIF_DATA_DIR'] = join(user.directory, 'data')
    user.env['PATH'] = `${join(root, 'node_modules/.bin')}:${user.env['PATH'] ?? ''}`
    const { status, stdout, stderr } = await user.run('attach', name, '--lock', 'db')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toMatch(message)
  })
})

describe('what cannot be attached stays unchanged, with the reason', () => {
  async function refused(user: CliOpsUser, ...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await user.run('attach', ...args)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(existsSync(join(user.home, 'config.json'))).toBe(false)
    expect(existsSync(join(user.home, 'bin/tool'))).toBe(false)
    return stderr
  }

  test('a framework that is bundled, or that no plugin supports', async () => {
    const user = userOf({ source: `console.log('help')`, packages: {} })
    expect(await refused(user, 'tool', '--lock', 'db')).toBe(
      'cli-ops: tool is not attached: no command line reached commander or yargs when it was run with --help here: ' +
        'it uses another framework, or bundles yargs; use "cli-ops run --lock db -- tool"\n',
    )
  })

  test.each([
    ['throws', `throw new TypeError('no project here')`, '1: TypeError: no project here'],
    ['says why', `console.error('log in first\\n'); process.exit(3)`, '3: log in first'],
    ['says nothing', 'process.exit(3)', '3, with no output on stderr'],
  ])('a program that %s before it parses', async (_what, source, end) => {
    const user = userOf({ source, packages: {} })
    expect(await refused(user, 'tool', '--lock', 'db')).toBe(
      `cli-ops: tool is not attached: "tool --help" ended with ${end}; ` +
        'attach it where this works, or use "cli-ops run --lock db -- tool"\n',
    )
  })

  test('a yargs that is too old', async () => {
    const user = userOf({ ...YARGS, packages: { yargs: 'cli-highlight/node_modules/yargs' } })
    expect(await refused(user, 'tool', '--lock', 'db')).toMatch(
      /not attached: its yargs is 16\.\d+\.\d+, but 17 or 18 is needed; use "cli-ops run --lock db -- tool"\n$/u,
    )
  })

  test('an oclif that is too old', async () => {
    const user = userOf({ ...OCLIF, packages: {} })
    const folder = join(user.directory, 'lib/node_modules/tool/node_modules/@oclif/core')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "name": "@oclif/core", "version": "1.26.2" }')
    expect(await refused(user, 'tool', '--lock', 'db')).toContain(
      'its @oclif/core is 1.26.2, but 4 or 5 is needed; use "cli-ops run --lock db -- tool"',
    )
  })

  test('an oclif CLI that loads no user plugins', async () => {
    const source = `const { Config, run } = require('@oclif/core')
      Config.load({ root: __dirname, userPlugins: false }).then((config) => run(undefined, config)).catch((error) => { console.error(error.message); process.exit(2) })`
    const user = userOf({ ...OCLIF, source, packages: { '@oclif/core': '@oclif/core' } })
    expect(await refused(user, 'tool', '--lock', 'db')).toMatch(
      /the plugin is not loaded \(.*ops:ps.*\): the CLI does not load what/u,
    )
    expect(existsSync(join(user.directory, 'data/node_modules/@cli-ops/oclif-plugin'))).toBe(false)
  })

  test('an oclif CLI of one command that loads no user plugins: that command does not run', async () => {
    const source = `const { Config, run } = require('@oclif/core')
      Config.load({ root: __dirname, userPlugins: false }).then((config) => run(undefined, config)).catch((error) => { console.error(error.message); process.exit(2) })`
    const user = userOf({ ...SINGLE, source, packages: { '@oclif/core': '@oclif/core' } })
    expect(await refused(user, 'tool', '--lock', 'db')).toContain(
      'the plugin is not loaded ("--help" ran without it): the CLI does not load what',
    )
    expect(existsSync(join(user.directory, 'ran'))).toBe(false)
  })

  test('a program of another kind, and one that does not exist', async () => {
    const user = userOf()
    expect(await refused(user, 'sh', '--lock', 'db')).toMatch(
      /is neither a Node program.*use "cli-ops run --lock .* -- sh"\n$/u,
    )
    expect(await refused(user, 'no-such-tool')).toContain(
      'shell aliases and functions are not visible here',
    )
    expect(await refused(user, './no-such-tool')).toContain('there is no file')
  })

  test.each([
    ['no JSON', '{ "clis": '],
    [
      'a rule that no CLI takes',
      '{ "clis": { "other": { "commands": { "x": { "lok": "db" } } } } }',
    ],
    ['a list', '[]'],
    ['a misspelt member', '{ "cli": {} }'],
  ])('if config.json is %s', async (_what, text) => {
    const user = userOf({ ...COMMANDER, packages: { commander: 'commander' } })
    writeConfig(user, text)
    const { status, stderr } = await user.run('attach', 'tool', '--lock', 'db')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^cli-ops: .*config\.json cannot be used: .*; correct it first$/mu)
    expect(readFileSync(join(user.home, 'config.json'), 'utf8')).toBe(text)
    expect(existsSync(join(user.home, 'bin/tool'))).toBe(false)
  })

  test.each([
    [['--on-busy', 'wait'], '--lock or --emits must be given'],
    [['--command', 'sync'], '--lock or --emits must be given'],
    [['--lock', 'db', '--on-busy', 'never'], '--on-busy must be one of'],
    [['--lock', 'db', '--name', 'another'], '--name must be "tool"'],
    [['--emits', 'tool:*'], 'emits'],
    [['--lock', 'db', '--grace', '5s'], '--grace needs --on-busy replace'],
  ])('with options that have no effect: %j', async (options, message) => {
    const user = userOf({ ...COMMANDER, packages: { commander: 'commander' } })
    const { status, stderr } = await user.run('attach', 'tool', ...options)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
    expect(existsSync(join(user.home, 'config.json'))).toBe(false)
    expect(existsSync(join(user.home, 'bin/tool'))).toBe(false)
  })
})

describe('config.json', () => {
  const tool = { ...COMMANDER, packages: { commander: 'commander' } }

  test('keeps everything else, and its indentation', async () => {
    const user = userOf(tool)
    writeConfig(
      user,
      '{\n\t"$schema": "./schema.json",\n\t"clis": {\n\t\t"b": { "namespace": "n" },\n\t\t"tool": { "lifecycleEvents": false, "commands": { "build": { "emits": "built:x", "lock": { "resource": "db", "mode": "shared" } } } }\n\t}\n}\n',
    )
    await user.json('attach', 'tool', '--lock', 'db', '--command', 'build', '--command', 'sync')
    const text = readFileSync(join(user.home, 'config.json'), 'utf8')
    expect(text).toMatch(/^\{\n\t"\$schema": "\.\/schema\.json",\n\t"clis": \{\n\t\t"b"/u)
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['$schema', 'clis'])
    expect(config(user)).toMatchObject({
      clis: {
        b: { namespace: 'n' },
        tool: {
          lifecycleEvents: false,
          commands: {
            build: { emits: 'built:x', lock: { resource: 'db', mode: 'shared' } },
            sync: { lock: 'db' },
          },
        },
      },
    })
  })

  test('stays a link if it is one', async () => {
    const user = userOf(tool)
    mkdirSync(user.home, { mode: 0o700 })
    writeFileSync(join(user.directory, 'dotfile.json'), '{}')
    symlinkSync(join(user.directory, 'dotfile.json'), join(user.home, 'config.json'))
    await user.json('attach', 'tool', '--lock', 'db')
    expect(readFileSync(join(user.directory, 'dotfile.json'), 'utf8')).toContain('"tool"')
  })

  test('keeps a rule that was changed since', async () => {
    const user = userOf(tool)
    await user.json('attach', 'tool', '--lock', 'db', '--command', 'sync', '--command', 'build')
    writeConfig(
      user,
      readFileSync(join(user.home, 'config.json'), 'utf8').replace('"db"', '"mine"'),
    )
    const { stdout } = await user.run('detach', 'tool')
    expect(stdout).toBe(
      'tool is detached; config.json keeps the rules for "sync", which have changed since\n',
    )
    expect(config(user)).toEqual({ clis: { tool: { commands: { sync: { lock: 'mine' } } } } })
  })

  test('loses neither of two concurrent changes', async () => {
    const user = userOf(tool)
    installCli(user, { name: 'other', ...tool })
    await Promise.all([
      user.json('attach', 'tool', '--lock', 'a'),
      user.json('attach', 'other', '--lock', 'b'),
    ])
    expect(Object.keys((config(user) as { clis: object }).clis).sort()).toEqual(['other', 'tool'])
  })
})

test('what is not attached cannot be detached', async () => {
  const user = userOf({ ...COMMANDER, packages: { commander: 'commander' } })
  await user.json('attach', 'tool')
  const { status, stderr } = await user.run('detach', 'tol')
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'cli-ops: "tol" is not attached; did you mean "tool"?\n',
  })
  expect((await user.run('attach')).status).toBe(2)
  expect((await user.run('attach', 'tool', '--list')).status).toBe(2)
})
