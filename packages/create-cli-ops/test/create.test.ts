import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, onTestFinished, test } from 'vitest'

import { root } from '../../../scripts/workspaces.mjs'
import { noPseudoTerminal, PseudoTerminal } from '../../cli/test/fixtures/pseudo-terminal.js'
import { FRAMEWORKS } from '../src/frameworks.js'

const BIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

interface ProjectManifest {
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cli-ops-create-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function node(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    // Without the variables of an outer `node --test` or package manager.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, npm_config_user_agent: undefined, ...env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** Runs a line of a README, for a person who lives in the folder. */
function shell(cwd: string, line: string) {
  const env = { ...process.env, CLI_OPS_HOME: join(cwd, 'ops'), HOME: cwd }
  const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { cwd, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** Does what `npm install` does, with this repository's own packages. */
function install(folder: string): void {
  const { dependencies, devDependencies } = manifestOf(folder)
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), place)
  }
}

function manifestOf(folder: string): ProjectManifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as ProjectManifest
}

describe.each(FRAMEWORKS.map(({ name }) => name))('a new CLI on %s', (framework) => {
  test('passes its own test', () => {
    const place = temporary()
    const made = node(place, [BIN, 'my-notes', '--framework', framework])
    expect(made).toEqual({
      status: 0,
      stdout: `Created ${join(place, 'my-notes')}. Now:\n\n  cd my-notes\n  npm install\n  npm test\n`,
      stderr: '',
    })
    const folder = join(place, 'my-notes')
    install(folder)
    const tested = node(folder, ['--test'])
    expect(tested.status, tested.stdout + tested.stderr).toBe(0)
    expect(tested.stdout).toMatch(/^# pass 1$/mu)
    const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => /^[^n].*\.(?:js|md|json)$/u.test(path))
      .map((path) => readFileSync(join(folder, path), 'utf8'))
    expect(texts.join('\n')).not.toMatch(/__\w+__/u)
    const readme = readFileSync(join(folder, 'README.md'), 'utf8')
    expect(readme).toContain('# `my-notes`\n')
    const { scripts } = manifestOf(folder)
    const said = [...readme.matchAll(/^npm start -- (.+)$/gmu)].map(([, line = '']) => {
      const ran = shell(folder, `${scripts.start} ${line}`)
      expect(ran, line).toMatchObject({ status: 0, stderr: '' })
      return ran.stdout
    })
    expect(said).toEqual(['', 'buy milk\n', expect.stringContaining('note:added')])
  })
})

// The test in a new CLI would be worthless if it passed without the lock.
test('a new CLI fails its own test without the lock', () => {
  const folder = join(temporary(), 'my-notes')
  node(root, [BIN, folder, '-f', 'commander'])
  install(folder)
  const notes = join(folder, 'src/notes.js')
  const pause =
    'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)\n  writeFileSync('
  writeFileSync(notes, readFileSync(notes, 'utf8').replace('writeFileSync(file', `${pause}file`))
  const tested = node(folder, ['--test'], { CLI_OPS_DISABLED: '1' })
  expect(tested).toMatchObject({
    status: 1,
    stdout: expect.stringContaining('ERR_ASSERTION') as string,
  })
})

describe('a folder', () => {
  test('that is not empty is left untouched', () => {
    const folder = temporary()
    const taken = join(folder, 'taken')
    mkdirSync(taken)
    writeFileSync(join(taken, 'kept.txt'), '')
    expect(node(folder, [BIN, 'taken', '-f', 'yargs'])).toEqual({
      status: 1,
      stdout: '',
      stderr: `create-cli-ops: ${taken} is not empty; nothing was written\n`,
    })
    expect(readdirSync(taken)).toEqual(['kept.txt'])
  })

  test('can be the current one, with a repository in it', () => {
    const folder = join(temporary(), 'here')
    mkdirSync(join(folder, '.git'), { recursive: true })
    const agent = { npm_config_user_agent: 'pnpm/10.1.0 npm/? node/v20.20.0' }
    const { stdout } = node(folder, [BIN, '.', '-f', 'commander'], agent)
    expect(stdout).toBe(`Created ${folder}. Now:\n\n  pnpm install\n  pnpm test\n`)
    expect(manifestOf(folder)).toMatchObject({ name: 'here', bin: { here: './src/main.js' } })
  })
})

const GIVE_BOTH = 'give both: npm create cli-ops my-cli -- --framework commander'

test('reports wrong arguments in one line', () => {
  const cases: readonly (readonly [message: string, ...args: string[]])[] = [
    [`no terminal to ask for the folder; ${GIVE_BOTH}`],
    [`no terminal to ask for the framework; ${GIVE_BOTH}`, 'a'],
    ['the framework must be one of commander, yargs, oclif, got "cac"', 'a', '-f', 'cac'],
    [
      'the folder is the program\'s name: up to 64 of a to z, 0 to 9 and "-", got "My Notes"',
      'My Notes',
    ],
    ['one folder can be given, got b as well', 'a', 'b'],
    [
      '--tarballs must be a folder of tarballs, got "./nope" (ENOENT)',
      ...['a', '-f', 'yargs', '--tarballs', './nope'],
    ],
  ]
  for (const [message, ...args] of cases) {
    const folder = temporary()
    const stderr = `create-cli-ops: ${message}\n`
    expect(node(folder, [BIN, ...args])).toEqual({ status: 2, stdout: '', stderr })
    expect(readdirSync(folder)).toEqual([])
  }
  expect(node(root, [BIN, 'a', '--nope'])).toMatchObject({ status: 2, stdout: '' })
  expect(node(root, [BIN, '--help']).stdout).toContain('npm create cli-ops [folder]')
})

test('installs from tarballs instead of a registry', () => {
  const folder = temporary()
  const create = () => node(folder, [BIN, 'a', '-f', 'oclif', '--tarballs', '.'])
  expect(create()).toMatchObject({
    status: 2,
    stderr: 'create-cli-ops: . must have one tarball of @cli-ops/oclif-plugin, got 0\n',
  })
  expect(existsSync(join(folder, 'a'))).toBe(false)
  for (const name of ['oclif-plugin', 'shared-ipc'])
    writeFileSync(join(folder, `cli-ops-${name}-0.1.0.tgz`), '')
  expect(create()).toMatchObject({ status: 0 })
  const core = `file:${folder}/cli-ops-shared-ipc-0.1.0.tgz`
  expect(manifestOf(join(folder, 'a'))).toMatchObject({
    dependencies: { '@cli-ops/oclif-plugin': `file:${folder}/cli-ops-oclif-plugin-0.1.0.tgz` },
    devDependencies: { '@cli-ops/shared-ipc': core },
    resolutions: { '@cli-ops/shared-ipc': core },
  })
  expect(readFileSync(join(folder, 'a/pnpm-workspace.yaml'), 'utf8')).toContain(
    `overrides:\n  '@cli-ops/shared-ipc': '${core}'\n`,
  )
})

test.skipIf(noPseudoTerminal !== undefined)('asks a person for missing arguments', async () => {
  const folder = temporary()
  const terminal = new PseudoTerminal(['sh', '-c', `cd ${folder} && exec node ${BIN}`], process.env)
  await terminal.shows('Folder? (my-cli)')
  terminal.keys('\n')
  await terminal.shows('Framework: commander, yargs, oclif? (commander)')
  terminal.keys('yarg\n')
  // A typo does not end the conversation.
  await terminal.shows(/got "yarg"\s+Framework: commander, yargs, oclif\? \(commander\)/u)
  terminal.keys('yargs\n')
  await terminal.shows(`Created ${folder}/my-cli. Now:`)
  expect(await terminal.ended).toBe(0)
  expect(Object.keys(manifestOf(join(folder, 'my-cli')).dependencies)).toContain('yargs')
})

test('uses the framework versions that this repository is tested with', () => {
  const { devDependencies } = manifestOf(root)
  for (const { dependencies } of FRAMEWORKS)
    for (const [name, range] of Object.entries(dependencies))
      expect(devDependencies[name], name).toBe(range)
})
