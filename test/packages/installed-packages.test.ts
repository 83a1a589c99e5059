import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { buildSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { npm, npmEnvironment, packPackages, withLocalDependencies } from './pack-packages.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-installed-')))
const project = join(folder, 'project')
/** Drivers, and the clients of their engines. */
const ENGINE = /node_modules\/(?:@cli-ops\/driver-[^/]+|ioredis|@?amqp[^/]*|rhea|ws)$/u
const fixtures = join(import.meta.dirname, 'fixtures')
let tarballs: ReadonlyMap<string, string>

interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs Node in the project, with a private home. */
function node(args: readonly string[], { cwd = project, env = {} }: RunOptions = {}) {
  const home = mkdtempSync(join(folder, 'home-'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [...args], {
    cwd,
    encoding: 'utf8',
    env: { ...npmEnvironment, CLI_OPS_HOME: home, XDG_RUNTIME_DIR: home, ...env },
  })
  return { status, stdout, stderr }
}

// A third party's project: the tarballs as from a registry, and the frameworks beside them.
beforeAll(() => {
  tarballs = packPackages(folder)
  mkdirSync(project)
  cpSync(fixtures, project, { recursive: true })
  npm(
    ['install', '--no-audit', '--no-fund', '--silent', '--prefer-offline', ...tarballs.values()],
    project,
  )
}, 240_000)

afterAll(() => {
  removeFolder(folder)
})

describe('a project that has installed the tarballs', () => {
  test.each([
    { framework: 'commander', module: 'an ES module', program: 'commander.mjs' },
    { framework: 'commander', module: 'CommonJS', program: 'commander.cjs' },
    { framework: 'yargs', module: 'an ES module', program: 'yargs.mjs' },
    { framework: 'yargs', module: 'CommonJS', program: 'yargs.cjs' },
    { framework: 'oclif', module: 'CommonJS', program: 'oclif/run.cjs' },
    { framework: 'oclif', module: 'an ES module', program: 'oclif/run.mjs' },
  ])('coordinates a CLI on $framework that is $module', ({ program }) => {
    const { status, stdout, stderr } = node([program, 'sync'])
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ isLocked: true, command: 'sync', others: [] })
  })

  test.each(['primitives.mjs', 'primitives.cjs'])('runs the four primitives in %s', (program) => {
    expect(node([program])).toEqual({ status: 0, stdout: 'task 1, tag home\n', stderr: '' })
  })
})

test('a rarely needed parser that is missing is requested by name', () => {
  writeFileSync(join(project, 'theme.yaml'), 'a: 1\n')
  writeFileSync(
    join(project, 'watch.mjs'),
    `import { EventBus, watchConfigFile } from '@cli-ops/shared-ipc'
    const onError = (error) => process.exit(console.log(error.message))
    watchConfigFile('theme.yaml', { bus: new EventBus(), onError })`,
  )
  const { stdout, stderr } = node(['watch.mjs'])
  expect(stdout + stderr).toContain(
    'reading .yaml and .yml files requires the package yaml: npm install yaml',
  )
})

test('a bundler includes a CLI without its rarely needed parts', () => {
  const outfile = join(project, 'bundled.mjs')
  buildSync({
    entryPoints: [join(project, 'commander.mjs')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
  })
  const { status, stderr } = node([outfile, 'sync'])
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

describe('an oclif CLI that installs plugins', () => {
  test('accepts the plugin from plugins install', () => {
    const unpacked = join(folder, 'unpacked')
    mkdirSync(unpacked)
    const plugin = withLocalDependencies(
      tarballs.get('@cli-ops/oclif-plugin') ?? '',
      tarballs,
      unpacked,
    )
    const env = Object.fromEntries(
      ['DATA', 'CACHE', 'CONFIG'].map((kind) => [`HOST_${kind}_DIR`, join(folder, kind)]),
    )
    const run = (...args: string[]) => node([join(project, 'oclif-host/run.cjs'), ...args], { env })

    const installed = run('plugins', 'install', `file:${plugin}`)
    expect(installed).toMatchObject({ status: 0 })
    expect(installed.stderr).not.toContain('Warning')

    expect(run('sync')).toEqual({ status: 0, stdout: 'synced\n', stderr: '' })
    const { status, stdout } = run('ops', 'status', '--json')
    expect({ status, isJson: JSON.parse(stdout) !== null }).toEqual({ status: 0, isJson: true })
  }, 240_000)
})

test.each(['commander', 'yargs', 'oclif'])(
  'npm create cli-ops creates a CLI on %s that passes its test',
  (framework) => {
    const place = join(folder, `created-${framework}`)
    mkdirSync(place)
    const creator = tarballs.get('create-cli-ops') ?? ''
    const args = ['my-notes', '--framework', framework, '--tarballs', folder]
    const said = npm(
      ['exec', '--yes', '--package', creator, '--', 'create-cli-ops', ...args],
      place,
    )
    expect(said).toContain('  cd my-notes\n  npm install\n  npm test\n')
    const created = join(place, 'my-notes')
    npm(['install', '--no-audit', '--no-fund', '--silent', '--prefer-offline'], created)
    expect(npm(['test'], created)).toMatch(/^# pass 1$/mu)
    expect(npm(['start', '--silent', '--', '--help'], created)).toContain('my-notes')
  },
)

test('cli-ops init --write wires an existing CLI', () => {
  const wired = join(project, 'wired')
  mkdirSync(wired)
  const manifest = { name: 'tidy', bin: './tidy.cjs', dependencies: { commander: '^14.0.0' } }
  writeFileSync(join(wired, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    join(wired, 'tidy.cjs'),
    `const { program } = require('commander')
program.command('sync').action(() => console.log(require('@cli-ops/shared-ipc').useOps() !== undefined))
program.parse()
`,
  )
  const cliOps = join(project, 'node_modules/@cli-ops/cli/dist/main.js')
  expect(node([cliOps, 'init', '--write', '--yes'], { cwd: wired }).stdout).toContain(
    'Changed package.json and tidy.cjs. Now run: npm install\n',
  )
  expect(node(['tidy.cjs', 'sync'], { cwd: wired })).toEqual({
    status: 0,
    stdout: 'true\n',
    stderr: '',
  })
})

describe('declarations', () => {
  // From the first 5.x to the newest; TypeScript knows require() of ES modules from 5.8 on.
  const compilers = ['typescript-5.0', 'typescript-5.9', 'typescript-6', 'typescript-7']

  test.each(compilers)('compile as an ES module with %s', (compiler) => {
    expect(compile(compiler, 'program.mts')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test.each(compilers.slice(1))('compile as CommonJS with %s', (compiler) => {
    expect(compile(compiler, 'program.cts')).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  test('a wrong use is an error', () => {
    expect(compile('typescript-7', 'wrong.mts').stdout).toContain("'timeoutMS' does not exist")
  })

  function compile(compiler: string, program: string) {
    const tsc = join(project, 'node_modules', compiler, 'bin/tsc')
    const flags = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--noEmit']
    return node([tsc, ...flags, '--types', 'node', '--skipLibCheck', program])
  }
})

test.each(['commander-plugin', 'yargs-plugin', 'oclif-plugin', 'cli'])(
  '@cli-ops/%s installs no engine client',
  (name) => {
    const alone = join(folder, `only-${name}`)
    mkdirSync(alone)
    writeFileSync(join(alone, 'package.json'), '{ "private": true }')
    // Its own packages come from their tarballs, as from a registry; the others only if one of these requires them.
    const own = name === 'cli' ? ['shared-ipc', 'commander-plugin', name] : ['shared-ipc', name]
    const files = own.flatMap((one) => tarballs.get(`@cli-ops/${one}`) ?? [])
    // npm decides what to install before it writes anything; only the command is also started.
    const how = name === 'cli' ? [] : ['--package-lock-only']
    npm(
      ['install', ...how, '--no-audit', '--no-fund', '--silent', '--prefer-offline', ...files],
      alone,
    )
    const { packages } = JSON.parse(readFileSync(join(alone, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, unknown>>
    }
    const installed = Object.keys(packages)
    expect(installed).toContain(`node_modules/@cli-ops/${name}`)
    expect(installed.filter((path) => ENGINE.test(path))).toEqual([])
    if (name !== 'cli') return
    const program = join(alone, 'node_modules/@cli-ops/cli/dist/main.js')
    expect(node([program, 'serve'], { cwd: alone })).toEqual({
      status: 1,
      stdout: '',
      stderr: 'cli-ops: "serve" needs a package: npm install @cli-ops/driver-websocket ws\n',
    })
  },
  240_000,
)

test('the installed packages contain nothing of this workspace', () => {
  const listed = npm(['ls', '--all', '--parseable'], project)
  expect(listed).toContain(join(project, 'node_modules/@cli-ops/shared-ipc'))
  expect(listed.split('\n').filter((path) => path.startsWith(root))).toEqual([])
})
