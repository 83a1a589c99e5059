import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { lookInside } from './look-inside.js'
import { type ProgramEnd, startProgram } from './run-program.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

const PRELOADS = ['commander', 'yargs'].map((framework) => [
  framework,
  join(root, `packages/${framework}-plugin/dist/register.cjs`),
])

/** A program with a package.json and a rule. It resolves commander, and one major of yargs. */
function program(
  files: Readonly<Record<string, string>>,
  yargs = 'yargs',
): {
  readonly folder: string
  readonly home: string
  run(nodeOptions: readonly string[], file: string): Promise<ProgramEnd>
} {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
  onTestFinished(() => {
    removeFolder(folder)
  })
  const home = join(folder, 'home')
  mkdirSync(home, { mode: 0o700 })
  mkdirSync(join(folder, 'node_modules'))
  for (const [name, target = name] of [['commander'], ['yargs', yargs]] as const)
    symlinkSync(join(root, 'node_modules', target), join(folder, 'node_modules', name))
  const all = {
    'package.json': JSON.stringify({ name: 'tool', bin: 'main.cjs' }),
    'home/config.json': JSON.stringify({ clis: { tool: { commands: { '*': { lock: 'db' } } } } }),
    ...files,
  }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text)
  const run = (nodeOptions: readonly string[], file: string): Promise<ProgramEnd> =>
    startProgram(join(folder, file), [], {
      cwd: folder,
      nodeOptions,
      env: { CLI_OPS_HOME: home },
    }).ended
  return { folder, home, run }
}

/** Node starts a CommonJS program differently once anything is imported before it. */
const STARTED = `console.log(module.parent, module.id, require.main === module)
process.nextTick(() => console.log('a tick'))
Promise.resolve().then(() => console.log('a promise'))
process.once('uncaughtException', (error, origin) => console.log(error.message, origin))
throw new Error('broken')`

describe.each(PRELOADS)('the preload of %s', (_framework, file) => {
  test('does not change how Node starts a CommonJS program', async () => {
    const { run } = program({ 'other.cjs': STARTED })
    const plain = await run([], 'other.cjs')
    expect(plain.stdout).toBe('null . true\nbroken uncaughtException\na tick\na promise\n')
    expect(await run(['--require', file], 'other.cjs')).toEqual(plain)
  })

  test('prevents no program from starting if node does not require() ES modules', async () => {
    const { run } = program({ 'other.mjs': `console.log('went')` })
    const options = ['--no-experimental-require-module', '--require', file]
    expect(await run(options, 'other.mjs')).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
  })
})

test('a yargs that node does not require() is refused, instead of ignoring its rule', async () => {
  const { run } = program({
    'package.json': JSON.stringify({ name: 'tool', type: 'module', bin: 'main.js' }),
    'main.js': `import yargs from 'yargs'\nyargs([]).parse()\nconsole.log('went')`,
  })
  const options = ['--no-experimental-require-module', '--require', PRELOADS[1]![1]!]
  const { status, stdout, stderr } = await run(options, 'main.js')
  expect({ status, stdout }).toEqual({ status: 78, stdout: '' })
  expect(stderr).toMatch(/^tool: refused: its yargs is an ES module[^\n]*\n$/u)
})

test('a CommonJS program in a package of ES modules is reached through its ES module of yargs', async () => {
  const { run, home } = program(
    {
      'package.json': JSON.stringify({ name: 'tool', type: 'module', bin: 'main.cjs' }),
      'main.cjs': `import('./parse.js')`,
      'parse.js': `import yargs from 'yargs'\nyargs([]).parse()\nconsole.log('went')`,
    },
    'yargs-17',
  )
  const preload = ['--require', PRELOADS[1]![1]!]
  expect(await run(preload, 'main.cjs')).toEqual({ status: 0, stdout: 'went\n', stderr: '' })
  expect((await lookInside(home)).types).toEqual(['command:started', 'command:completed'])
})

describe('a program whose worker parses', () => {
  const WORKER = `const { isMainThread, Worker } = require('node:worker_threads')
    const { Command } = require('commander')
    const parse = (name) => new Command().action(() => console.log(name)).parse([], { from: 'user' })
    const start = () => new Worker(__filename).once('exit', () => console.log('ended'))\n`

  test.each([
    ['alone: the rule holds there', `isMainThread ? start() : parse('worker')`, 'worker\nended\n'],
    [
      'within its command: that is one command',
      `if (isMainThread) start()\nparse(isMainThread ? 'main' : 'worker')`,
      'main\nworker\nended\n',
    ],
  ])('%s', async (_what, source, stdout) => {
    const { run, home } = program({ 'main.cjs': WORKER + source })
    const preload = ['--require', PRELOADS[0]![1]!]
    expect(await run(preload, 'main.cjs')).toEqual({ status: 0, stdout, stderr: '' })
    expect(await lookInside(home)).toMatchObject({
      types: ['command:started', 'command:completed'],
      locks: [],
    })
  })
})
