import { describe, expect, test } from 'vitest'

import { noPseudoTerminal, PseudoTerminal } from '../fixtures/pseudo-terminal.js'
import { type Files, WiredProject } from './project.js'

const COMMANDER = { commander: '^14.0.0' }

const CLI = `#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { program } from 'commander'
import { join } from 'node:path'

program.name('tidy').command('sync').action(() => console.log('synced'))
program.parse()
`

const PROJECT: Files = {
  'package.json': { type: 'module', bin: { tidy: './cli.js' }, dependencies: COMMANDER },
  'cli.js': CLI,
}

interface Shape {
  readonly shape: string
  readonly files: Files
  /** The change, and its result. */
  readonly changed: string
  readonly holds: readonly string[]
  readonly run: readonly string[]
  readonly build?: readonly [source: string, output: string]
  readonly as?: Readonly<Record<string, string>>
}

const YARGS = `import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'

yargs(hideBin(process.argv)).command('deploy-all', 'deploy', {}, () => {}).parse()
`

const SHAPES: readonly Shape[] = [
  {
    shape: "commander's own program, an ES module",
    files: PROJECT,
    changed: 'cli.js',
    holds: [
      "import { program } from 'commander'\nimport { cliOps } from '@cli-ops/commander-plugin'\n",
      "import { join } from 'node:path'\n\nprogram.use(cliOps())\n\nprogram.name(",
    ],
    run: ['cli.js', 'sync'],
  },
  {
    shape: 'commander in CommonJS, with a file for each subcommand',
    files: {
      'package.json': { bin: 'bin/tidy', dependencies: COMMANDER },
      'bin/tidy': '#!/usr/bin/env node\nrequire("../lib/cli");\n',
      'lib/cli.js': `const { Command } = require("commander");
const sync = require("./commands/sync");

const cli = new Command("tidy");
cli.addCommand(sync());
cli.addCommand(new Command("other")).parse(process.argv);
`,
      'lib/commands/sync.js': `const { Command } = require("commander");
module.exports = () => new Command("sync").action(() => console.log("synced"));
`,
    },
    changed: 'lib/cli.js',
    holds: [
      'const { cliOps } = require("@cli-ops/commander-plugin");\n',
      'const cli = new Command("tidy").use(cliOps());\n',
    ],
    run: ['bin/tidy', 'sync'],
  },
  {
    shape: 'commander in TypeScript, whose build is not there',
    files: {
      'package.json': { type: 'module', bin: { tidy: 'dist/cli.js' }, dependencies: COMMANDER },
      'src/cli.ts': `import { Command, type OptionValues } from 'commander'

const cli: Command = new Command()
  .name('tidy (a b)')
cli.name('tidy').command('sync').action((options: OptionValues) => console.log('synced'))
await cli.parseAsync()
`,
    },
    changed: 'src/cli.ts',
    holds: ["new Command().use(cliOps())\n  .name('tidy (a b)')"],
    run: ['dist/cli.js', 'sync'],
    build: ['src/cli.ts', 'dist/cli.js'],
  },
  {
    shape: 'yargs, an ES module',
    files: {
      'package.json': {
        type: 'module',
        bin: './cli.mjs',
        dependencies: { yargs: '^18.0.0', zod: '4' },
      },
      'cli.mjs': `import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'

// yargs(hideBin(process.argv)) is what it is about
await yargs(hideBin(process.argv))
  .command('sync', 'synchronise', {}, () => console.log('synced'))
  .parseAsync()
`,
    },
    changed: 'cli.mjs',
    holds: [
      "from 'yargs/helpers'\nimport { cliOps } from '@cli-ops/yargs-plugin'\n",
      'await yargs(hideBin(process.argv))\n  .middleware(cliOps())\n  .command(',
    ],
    run: ['cli.mjs', 'sync'],
  },
  {
    shape: 'yargs 17 in CommonJS',
    files: {
      'package.json': { bin: './cli.js', dependencies: { yargs: '^17.0.0' } },
      'cli.js': `const yargs = require('yargs/yargs');
yargs(process.argv.slice(2)).command('sync', 'synchronise', {}, () => console.log('synced')).parse();
`,
    },
    changed: 'cli.js',
    holds: ['yargs(process.argv.slice(2)).middleware(cliOps()).command('],
    run: ['cli.js', 'sync'],
    as: { yargs: 'yargs-17' },
  },
  {
    shape: 'yargs in TypeScript',
    files: {
      'package.json': { type: 'module', bin: 'build/cli.js', dependencies: { yargs: '^18.0.0' } },
      'src/cli.ts': `import yargs, { type Argv } from 'yargs'

const cli: Argv = yargs(process.argv.slice(2) as string[])
cli.command('sync', 'synchronise', {}, () => console.log('synced')).parse()
`,
    },
    changed: 'src/cli.ts',
    holds: ['yargs(process.argv.slice(2) as string[]).middleware(cliOps())\n'],
    run: ['build/cli.js', 'sync'],
    build: ['src/cli.ts', 'build/cli.js'],
  },
  ...['module', 'commonjs'].map((type) => ({
    shape: `oclif, ${type}`,
    files: {
      'package.json': {
        name: 'tidy',
        version: '1.0.0',
        type,
        bin: './bin/run.mjs',
        oclif: { bin: 'tidy', commands: './commands' },
        dependencies: { '@oclif/core': '^4.0.0' },
      },
      'bin/run.mjs': `import { execute } from '@oclif/core'\nawait execute({ dir: import.meta.url })\n`,
      'commands/sync.js':
        type === 'module'
          ? `import { Command } from '@oclif/core'\nexport default class extends Command { async run() { this.log('synced') } }\n`
          : `const { Command } = require('@oclif/core')\nmodule.exports = class extends Command { async run() { this.log('synced') } }\n`,
    },
    changed: 'package.json',
    holds: ['"plugins": [\n      "@cli-ops/oclif-plugin"\n    ]', '"@cli-ops/oclif-plugin": "^'],
    run: ['bin/run.mjs', 'sync'],
  })),
]

describe('init --write', () => {
  test.each(SHAPES)('$shape', async ({ files, changed, holds, run, build, as }) => {
    const project = new WiredProject(files)
    const { status, stdout, stderr } = await project.user.run('init', '--write', '--yes')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain(`--- ${changed}\n+++ ${changed}\n@@ -`)
    expect(stdout).toMatch(
      /\. Now run: npm install\nThen give a command its lock, in (?:the code|package\.json):\n\n {2}\S.+\n$/u,
    )
    for (const text of holds) expect(project.read(changed)).toContain(text)

    // The program still works as before, and others see it.
    project.install(as)
    if (build !== undefined) project.build(...build)
    expect(project.node(...run)).toEqual({ status: 0, stdout: 'synced\n', stderr: '' })
    expect(await project.events()).toContain('command:completed sync')

    const before = project.read(changed)
    const again = await project.user.run('init', '--write', '--yes')
    expect(again).toMatchObject({ status: 0, stderr: '' })
    expect(again.stdout).toMatch(/is wired already; nothing to do\n$/u)
    expect((await project.user.run('init')).stdout).toBe(again.stdout)
    expect(project.read(changed)).toBe(before)
  })

  test('shows a diff that patch accepts', async () => {
    const project = new WiredProject(PROJECT)
    const { stdout } = await project.user.run('init', '--write')
    project.write('change.diff', stdout)
    project.git('init', '-q')
    project.git('apply', '--unidiff-zero', '-p0', 'change.diff')
    const patched = [project.read('package.json'), project.read('cli.js')]
    const other = new WiredProject(PROJECT)
    await other.user.run('init', '--write', '--yes')
    expect(patched).toEqual([other.read('package.json'), other.read('cli.js')])
  })

  test('names the project’s package manager', async () => {
    const project = new WiredProject({ ...PROJECT, 'pnpm-lock.yaml': '' })
    const { stdout } = await project.user.run('init', '--write', '--yes')
    expect(stdout).toContain('Changed package.json and cli.js. Now run: pnpm install\n')
  })
})

describe('init --write leaves unchanged', () => {
  test('without consent: it needs a terminal or --yes', async () => {
    const project = new WiredProject(PROJECT)
    const { status, stdout, stderr } = await project.user.run('init', '--write')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'cli-ops: nothing was changed: there is no terminal to ask on; pass --yes to write\n',
    })
    expect(stdout).toContain('+program.use(cliOps())')
    expect(project.read('cli.js')).toBe(CLI)
  })

  test('a file that git has no copy of, unless it is forced', async () => {
    const project = new WiredProject({ ...PROJECT, '.gitignore': 'node_modules\n' })
    project.git('init', '-q')
    project.git('add', 'package.json', 'cli.js')
    project.git('commit', '-qm', 'first')
    project.write('cli.js', `${CLI}// to be kept\n`)
    expect(await project.user.run('init', '--write', '--yes')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'cli-ops: uncommitted changes in cli.js; commit or stash them, or pass --force\n',
    })
    expect(project.read('package.json')).not.toContain('commander-plugin')
    project.git('commit', '-qam', 'second')
    expect(await project.user.run('init', '--write', '--yes')).toMatchObject({ status: 0 })
    project.write('cli.js', `${CLI}// to be kept\n`)
    expect(await project.user.run('init', '--write', '--yes', '--force')).toMatchObject({
      status: 0,
    })
    expect(project.read('cli.js')).toMatch(/program\.use\(cliOps\(\)\)[^]*\/\/ to be kept\n$/u)
  })

  test('a program that it does not understand, in one line', async () => {
    const code = `const { program } = await import('commander')\nprogram.parse()\n`
    const project = new WiredProject({ ...PROJECT, 'cli.js': code })
    expect(await project.user.run('init', '--write', '--yes')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'cli-ops: cannot tell where the commander program is created; nothing was changed. Add by hand the lines that "cli-ops init" shows\n',
    })
    expect(project.read('cli.js')).toBe(code)
    expect(project.read('package.json')).not.toContain('commander-plugin')
  })

  test('two frameworks, none, an old one, and --json', async () => {
    const write = async (manifest: object, ...args: string[]) => {
      const project = new WiredProject({ 'package.json': manifest })
      const { status, stderr } = await project.user.run('init', '--write', '--yes', ...args)
      return { status, stderr }
    }
    expect(await write({ dependencies: { ...COMMANDER, yargs: '18' } })).toEqual({
      status: 1,
      stderr:
        'cli-ops: package.json depends on commander and yargs; add the lines of "cli-ops init" by hand\n',
    })
    expect((await write({})).stderr).toContain('depends on none of commander, yargs, @oclif/core')
    expect((await write({ dependencies: { commander: '7' } })).stderr).toBe(
      'cli-ops: commander 7 is not supported; the plugin supports 12 to 15\n',
    )
    expect(await write({}, '--json')).toMatchObject({ status: 2 })
  })
})

describe.skipIf(noPseudoTerminal !== undefined)('init --write on a terminal', () => {
  const ask = (project: WiredProject) =>
    new PseudoTerminal(['cli-ops', 'init', '--write', project.user.directory], project.user.env, {
      rows: 50,
    })

  test('shows the changes and asks', async () => {
    const project = new WiredProject(PROJECT)
    const terminal = ask(project)
    await terminal.shows('Write these changes? [y/N]')
    expect(terminal.screen).toContain('+program.use(cliOps())')
    expect(project.read('cli.js')).toBe(CLI)
    terminal.keys('y\n')
    await terminal.shows('Changed package.json and cli.js. Now run: npm install')
    expect(await terminal.ended).toBe(0)
    expect(project.read('cli.js')).toContain('\nprogram.use(cliOps())\n')
  })

  test.each(['\n', '\u0003'])('changes nothing on any answer but yes: %j', async (keys) => {
    const project = new WiredProject(PROJECT)
    const terminal = ask(project)
    await terminal.shows('Write these changes? [y/N]')
    terminal.keys(keys)
    expect(await terminal.ended).toBe(keys === '\u0003' ? 130 : 1)
    expect(project.read('cli.js')).toBe(CLI)
  })
})

test('--file names one of several programs, and imports of a framework stay together', async () => {
  const project = new WiredProject({
    'package.json': {
      type: 'module',
      bin: { a: './a.js', b: './b.js' },
      dependencies: { yargs: '^18.0.0' },
    },
    'a.js': YARGS,
    'b.js': YARGS,
  })
  const { user } = project
  const refused = await user.run('init', '--write', '--yes')
  expect(refused).toMatchObject({ status: 1 })
  expect(refused.stderr).toContain('Name its file with --file, or add by hand the lines')
  expect(await user.run('init', '--write', '--yes', '--file', 'c.js')).toMatchObject({
    status: 2,
    stderr: 'cli-ops: --file must name an existing file, got "c.js"\n',
  })
  const { status, stdout } = await user.run('init', '--write', '--yes', '--file', 'b.js')
  expect(status).toBe(0)
  expect(stdout).toContain("  cliOps({ commands: { 'deploy-all': { lock: 'deploy-all' } } })\n")
  expect(project.read('a.js')).toBe(YARGS)
  expect(project.read('b.js')).toContain(
    "from 'yargs/helpers'\nimport { cliOps } from '@cli-ops/yargs-plugin'\n\nyargs(hideBin(process.argv)).middleware(cliOps()).command(",
  )
})

test('a folder that is not there is no other package', async () => {
  const { user } = new WiredProject(PROJECT)
  expect(await user.run('init', 'nope')).toEqual({
    status: 2,
    stdout: '',
    stderr: 'cli-ops: there is no folder "nope"\n',
  })
})
