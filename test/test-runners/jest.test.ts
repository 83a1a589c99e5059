import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { beforeAll, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'

// jest's fake timers replace more than vitest's, including process.nextTick and queueMicrotask, and its tests run in a
// separate context. In that of jsdom, timers are numbers, signals are jsdom's, and there is no structuredClone. It is installed
// once, into a folder that is kept.

const run = promisify(execFile)
const folder = join(root, '.cache/jest-30')
const bin = join(folder, 'node_modules/jest/bin/jest.js')
const isInstalled = existsSync(join(folder, 'node_modules/jest-environment-jsdom')) || install()

function install(): boolean {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    'jest@30',
    'jest-environment-jsdom@30',
  ]
  return spawnSync('npm', args, { cwd: folder, stdio: 'ignore', timeout: 180_000 }).status === 0
}

const TESTS = `
import { jest } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { cliOps } from '@cli-ops/commander-plugin'
import { Command } from 'commander'
import { createTestClock, createTestCoordinator } from '@cli-ops/shared-ipc/testing'

afterEach(() => jest.useRealTimers())

test.each(['memory', 'disk'])('fake timers hang nothing in %s', async (storage) => {
  jest.useFakeTimers()
  await using ops = createTestCoordinator({ storage })
  const beta = ops.as('cli-beta')
  const heard = beta.events.once('task:created')
  await ops.events.emit('task:created', { id: '1' })
  expect((await heard).data).toEqual({ id: '1' })
  await beta.serve().handle('add', ([a, b]) => a + b).ready
  expect(await ops.connect('cli-beta').call('add', [1, 2])).toBe(3)
  const done = []
  await Promise.all([
    ops.locks.acquire('db', () => done.push('ops')),
    beta.locks.acquire('db', () => done.push('beta')),
  ])
  expect(done).toHaveLength(2)
})

test('handlers are spied on as the sample says', async () => {
  // Closed, since a subscription keeps its process alive.
  await using bus = new EventBus({ inMemory: true })
  const handler = jest.fn()
  bus.on('task:created', handler)
  await bus.emit('task:created', { id: 'task-123' })
  expect(handler).toHaveBeenCalledWith({ id: 'task-123' })
})

// Real ones, since a lock of another process is free when that process says so.
const { setTimeout: inRealTime } = process.getBuiltinModule('node:timers')

const HOLDER = \`
  import { LockManager } from '@cli-ops/shared-ipc'
  const lock = await new LockManager({ home: process.argv[1] }).lock('db')
  process.stdin.resume().once('end', () => lock.release())
  console.log('held')\`

async function holdElsewhere(home) {
  const env = { ...process.env, NODE_OPTIONS: '' }
  const args = ['--input-type=module', '--eval', HOLDER, home]
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return () => child.stdin.end()
}

test.each([
  ['real timers', () => undefined],
  ['fake timers', () => jest.useFakeTimers()],
  ['legacy fake timers', () => jest.useFakeTimers({ legacyFakeTimers: true })],
  ['only setTimeout faked', () => jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'performance'] })],
])('a lock of another process is waited for, with %s', async (_title, fake) => {
  await using ops = createTestCoordinator({ storage: 'disk' })
  const release = await holdElsewhere(ops.home)
  fake()
  const controller = new AbortController()
  const given = ops.locks.lock('db', { signal: controller.signal })
  controller.abort(new Error('given up'))
  await expect(given).rejects.toThrow('given up')
  const lock = await ops.locks.lock('db', { onWait: release })
  const late = ops.as('cli-beta').locks.lock('db', { timeoutMs: 60_000 })
  const waited = new Promise((resolve) => inRealTime(resolve, 50))
  if (jest.isMockFunction(setTimeout) || 'clock' in setTimeout) {
    const refused = expect(late).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
    await waited
    jest.advanceTimersByTime(60_000)
    await refused
    await lock.release()
  } else {
    await lock.release()
    await (await late).release()
  }
})

test('a command waits for its lock', async () => {
  await using ops = createTestCoordinator({ storage: 'disk' })
  process.env.CLI_OPS_HOME = ops.home
  const lock = await ops.locks.lock('notes')
  const program = new Command('notes').exitOverride()
  cliOps({ name: 'notes', commands: { add: { lock: 'notes', emits: 'note:added' } } })(program)
  const ran = []
  program.command('add').action(async () => ran.push('add'))
  const added = ops.events.once('note:added')
  const adding = program.parseAsync(['add'], { from: 'user' })
  while ((await ops.locks.inspect('notes')).waiting.length === 0)
    await new Promise((resolve) => setTimeout(resolve, 5))
  expect(ran).toEqual([])
  await lock.release()
  await adding
  await added
  expect(ran).toEqual(['add'])
})

test('a server is watched, asked, and not in time', async () => {
  await using ops = createTestCoordinator({ storage: 'disk' })
  const changes = ops.registry.watch({ name: 'cli-beta', includeSelf: true })[Symbol.asyncIterator]()
  const up = changes.next()
  const server = ops.as('cli-beta').serve()
  server.handle('wait', (_params, { signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
  server.handle('count', (_params, { progress }) => void progress(1))
  await server.ready
  expect((await up).value.type).toBe('up')
  await changes.return()
  const client = ops.connect('cli-beta')
  await expect(client.call('wait', {}, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
  const values = []
  for await (const value of client.stream('count', {}, { signal: new AbortController().signal })) values.push(value)
  expect(values).toEqual([1])
})

test('a clock is turned, and coordinators share no rate limit', async () => {
  const clock = createTestClock(new Date(0))
  await using ops = createTestCoordinator({ clock })
  await using other = createTestCoordinator()
  for (let n = 0; n < 600; n += 1) ops.events.emitSync('a', n)
  await expect(ops.events.emit('a')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await other.events.emit('a')
  await clock.advance(100)
  expect((await ops.events.emit('a')).time).toBe('1970-01-01T00:00:00.100Z')
})
`

beforeAll(() => {
  if (!isInstalled) return
  const project = join(folder, 'project')
  rmSync(project, { recursive: true, force: true })
  mkdirSync(join(project, 'node_modules/@cli-ops'), { recursive: true })
  symlinkSync(join(root, 'packages/core'), join(project, 'node_modules/@cli-ops/shared-ipc'))
  symlinkSync(
    join(root, 'packages/commander-plugin'),
    join(project, 'node_modules/@cli-ops/commander-plugin'),
  )
  symlinkSync(join(root, 'node_modules/commander'), join(project, 'node_modules/commander'))
  symlinkSync(join(folder, 'node_modules/@jest'), join(project, 'node_modules/@jest'))
  const config = { testMatch: ['**/*.test.mjs'], transform: {} }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', jest: config }))
  // Node 20 has no `await using`.
  writeFileSync(join(project, 'kit.test.mjs'), withoutUsing(TESTS))
})

/** Closes at the end of the test what `await using` closes at the end of a block. */
function withoutUsing(source: string): string {
  return source
    .replaceAll(/await using (\w+) = (.+)$/gmu, 'const $1 = $2; opened.push($1)')
    .replace(
      'afterEach(() => jest.useRealTimers())',
      `const opened = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  jest.useRealTimers()
})`,
    )
}

test.for(['node', 'jsdom'])('jest in %s, with its fake timers', async (environment, context) => {
  context.skip(!isInstalled, 'jest could not be installed from the npm registry')
  const { stderr } = await run(
    process.execPath,
    ['--experimental-vm-modules', bin, '--no-watchman', `--env=${environment}`],
    {
      cwd: join(folder, 'project'),
      timeout: 100_000,
      env: { ...process.env, NODE_OPTIONS: '', CI: '1' },
    },
  ).catch((error: unknown) => error as { stderr: string })
  expect(stderr).toMatch(/Tests: +10 passed, 10 total/u)
})
