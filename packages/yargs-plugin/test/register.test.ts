import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { build } from 'esbuild'
import { describe, expect, onTestFinished, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'

const FILE = fileURLToPath(new URL('../dist/register.cjs', import.meta.url))
const YARGS_16 = dirname(
  createRequire(join(root, 'node_modules/cli-highlight/package.json')).resolve(
    'yargs/package.json',
  ),
)

interface Options {
  readonly files: Readonly<Record<string, string>>
  /** Folder of the copy that the program resolves as `yargs`. */
  readonly yargs?: string
  readonly manifest?: object
  readonly rules?: object
}

/** An unmodified program with its own package.json. */
class PlainProgram {
  readonly folder = temporary()
  readonly home = temporary()

  constructor({ files, yargs = join(root, 'node_modules/yargs'), manifest, rules }: Options) {
    const packages = join(this.folder, 'node_modules')
    mkdirSync(packages)
    symlinkSync(yargs, join(packages, 'yargs'))
    const all = {
      'package.json': JSON.stringify({ name: '@team/tool', bin: { tool: 'cli.js' }, ...manifest }),
      ...files,
    }
    for (const [name, text] of Object.entries(all)) {
      const path = join(this.folder, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    const clis = rules ?? { tool: { commands: { '*': { lock: 'db' } } } }
    writeFileSync(join(this.home, 'config.json'), JSON.stringify({ clis }))
  }

  async run(...args: readonly string[]) {
    const child = spawn(process.execPath, ['--require', FILE, 'cli.js', ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', CLI_OPS_HOME: this.home },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
    const [status] = (await once(child, 'close')) as [number | null]
    return { status, stdout, stderr }
  }

  async events(): Promise<readonly string[]> {
    await using ops = createCoordinator({ name: 'observer', home: this.home })
    return (await ops.events.read('*', { from: 'earliest' })).map(({ type }) => type)
  }
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cli-ops-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  return folder
}

const COMMONJS = `require('yargs')(process.argv.slice(2)).command('go', '', {}, () => console.log('went')).parse()`
const MODULE = `import yargs from 'yargs'
yargs(process.argv.slice(2)).command('go', '', {}, () => console.log('went')).parse()`

describe('a yargs that is too old', () => {
  test.each([
    ['required', COMMONJS, {}],
    ['imported', MODULE, { type: 'module', dependencies: { yargs: '16' } }],
  ])('refuses a program whose rule has a lock: %s', async (_how, source, manifest) => {
    const program = new PlainProgram({ files: { 'cli.js': source }, yargs: YARGS_16, manifest })
    const { status, stdout, stderr } = await program.run('go')
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
    expect(stderr).toMatch(
      /^tool: refused: its yargs is 16\.\d+\.\d+, but 17 or 18 is needed, so its lock in .*config\.json cannot hold; use "cli-ops run --lock db -- tool"\n$/u,
    )
  })

  test('changes nothing if no rule has a lock, and says that events are missing', async () => {
    const program = new PlainProgram({
      files: { 'cli.js': COMMONJS },
      yargs: YARGS_16,
      rules: { tool: { commands: { go: { emits: 'tool:gone' } } } },
    })
    const { status, stdout, stderr } = await program.run('go')
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'went\n' })
    expect(stderr).toMatch(/^tool: the rules for "tool" in .* did not hold: its yargs is 16/u)
  })

  test('does not affect help and version', async () => {
    const program = new PlainProgram({ files: { 'cli.js': COMMONJS }, yargs: YARGS_16 })
    expect(await program.run('--help')).toMatchObject({ status: 0, stderr: '' })
  })

  test('does not matter in a dependency if the program itself has another one', async () => {
    const program = new PlainProgram({
      files: {
        'cli.js': `require('lib')\n${COMMONJS}`,
        'node_modules/lib/package.json': JSON.stringify({ name: 'lib', main: 'index.js' }),
        'node_modules/lib/index.js': `require('yargs')`,
      },
      yargs: join(root, 'node_modules/c8-11/node_modules/yargs'),
    })
    mkdirSync(join(program.folder, 'node_modules/lib/node_modules'))
    symlinkSync(YARGS_16, join(program.folder, 'node_modules/lib/node_modules/yargs'))
    expect(await program.run('go')).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
    expect(await program.events()).toEqual(['command:started', 'command:completed'])
  })
})

test('a yargs bundled into the program is out of reach, and the plugin says so', async () => {
  const program = new PlainProgram({
    files: { 'source.js': MODULE },
    manifest: { type: 'module' },
  })
  await build({
    entryPoints: [join(program.folder, 'source.js')],
    outfile: join(program.folder, 'cli.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  })
  rmSync(join(program.folder, 'node_modules/yargs'))
  const { status, stdout, stderr } = await program.run('go')
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'went\n' })
  expect(stderr).toMatch(
    /^tool: the rules for "tool" in .* did not hold: no yargs was seen in it; use "cli-ops run --lock db -- tool"\n$/u,
  )
})

test.each(['showHelp()', 'getHelp().then(console.error)'])(
  'a program that shows its help instead of parsing is told nothing: %s',
  async (how) => {
    const source = `require('yargs')([]).usage('tool <file>').${how}`
    const yargs = join(root, 'node_modules/c8-11/node_modules/yargs')
    const program = new PlainProgram({ files: { 'cli.js': source }, yargs })
    const { stderr } = await program.run()
    expect(stderr).toMatch(/^tool <file>/u)
    expect(stderr).not.toContain('did not hold')
  },
)

describe('a program that restarts itself before it parses', () => {
  const files = {
    'cli.js': `const { spawn } = require('child_process')
      const args = ['--max-old-space-size=200', require.resolve('./lib/cli.js'), ...process.argv.slice(2)]
      spawn(process.execPath, args, { stdio: 'inherit' }).on('exit', (code) => process.exit(code))`,
    'lib/cli.js': COMMONJS,
  }
  const yargs = join(root, 'node_modules/c8-11/node_modules/yargs')

  test('applies its rules in the child, once', async () => {
    const rules = { tool: { commands: { go: { emits: 'tool:gone' } } } }
    const program = new PlainProgram({ files, yargs, rules })
    expect(await program.run('go')).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
    expect(await program.events()).toEqual(['command:started', 'tool:gone', 'command:completed'])
  })

  test('says in the child which rules did not hold', async () => {
    const program = new PlainProgram({
      files: { ...files, 'lib/cli.js': `console.log('went')` },
      yargs,
    })
    const { status, stdout, stderr } = await program.run('go')
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'went\n' })
    expect(stderr.match(/did not hold/gu)).toHaveLength(1)
  })

  test.each(['stdio: "ignore"', 'stdio: "inherit", detached: true', 'stdio: "pipe"'])(
    'its helper %s is not the program',
    async (how) => {
      const program = new PlainProgram({
        files: {
          'cli.js': `const { spawn } = require('child_process')
            spawn(process.execPath, [require.resolve('./lib/helper.js')], { ${how} }).on('exit', () => console.log('went'))`,
          'lib/helper.js': `if (process.execArgv.length > 0 || process.env.CLI_OPS_RESPAWNED) process.exit(1)`,
        },
        yargs,
      })
      const { stdout, stderr } = await program.run('go')
      expect(stdout).toBe('went\n')
      expect(stderr.match(/^tool: the rules for "tool" .* did not hold/gmu)).toHaveLength(1)
    },
  )

  test('another program that it starts is not affected', async () => {
    const program = new PlainProgram({
      files: {
        'cli.js': files['cli.js'].replace('./lib/cli.js', 'other'),
        'node_modules/other/package.json': JSON.stringify({
          name: 'other',
          bin: 'index.js',
          main: 'index.js',
        }),
        'node_modules/other/index.js': `console.log(process.execArgv.join(), process.env.CLI_OPS_RESPAWNED)`,
      },
      yargs,
    })
    const { stdout } = await program.run('go')
    expect(stdout).toBe('--max-old-space-size=200 undefined\n')
  })
})
