import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { beforeAll, expect, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'

// jest's fake timers replace more than vitest's, including process.nextTick and queueMicrotask, and its tests run in a
// separate context. It is installed once, into a folder that is kept.

const run = promisify(execFile)
const folder = join(root, '.cache/jest-30')
const bin = join(folder, 'node_modules/jest/bin/jest.js')
const isInstalled = existsSync(bin) || install()

function install(): boolean {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', 'jest@30']
  return spawnSync('npm', args, { cwd: folder, stdio: 'ignore', timeout: 180_000 }).status === 0
}

const TESTS = `
import { jest } from '@jest/globals'
import { EventBus } from '@cli-ops/shared-ipc'
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

test('jest, with its fake timers', async (context) => {
  context.skip(!isInstalled, 'jest could not be installed from the npm registry')
  const { stderr } = await run(
    process.execPath,
    ['--experimental-vm-modules', bin, '--no-watchman'],
    {
      cwd: join(folder, 'project'),
      env: { ...process.env, NODE_OPTIONS: '', CI: '1' },
    },
  ).catch((error: unknown) => error as { stderr: string })
  expect(stderr).toMatch(/Tests: +4 passed, 4 total/u)
})
