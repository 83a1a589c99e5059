import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { lookInside } from './look-inside.js'
import { ShapeProgram } from './shape-program.js'
import { commanderFramework } from './shapes/commander-framework.js'

// Programs that call parseAsync() and go on: they cannot be told by a promise that their command does not run.

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
afterAll(() => {
  rmSync(folder, { recursive: true, maxRetries: 3 })
})

function program(after: string): ShapeProgram {
  const source = `const program = attach(new Command('host'))
  program.command('add').action(async () => work('added'))
  program.parseAsync()
  ${after}`
  const shape = { title: '', args: ['add'], rules: ['add'], source }
  return new ShapeProgram(commanderFramework('commander', 'commander', true), shape, folder)
}

test.each([
  ['fail', 75],
  ['skip', 0],
] as const)('a busy lock under %s is told before the program goes on', async (onBusy, status) => {
  const run = program(`console.log('went on'); process.exit(0)`).newRun({ hasPlugin: true, onBusy })
  const end = await run.whileHeld()
  expect(end).toMatchObject({ status, stdout: '' })
  expect(end.stderr.match(/\n/gu)).toHaveLength(1)
})

test('a program that ends without awaiting a command whose lock is busy does not end well', async () => {
  const run = program(`process.exit(0)`).newRun({ hasPlugin: true })
  expect(await run.whileHeld()).toEqual({
    status: 75,
    stdout: '',
    stderr:
      'host: "add" has not run: its lock is busy, and the program ended without awaiting it\n',
  })
  const { types, last } = await lookInside(run.home)
  expect(types).toEqual(['command:started', 'command:failed'])
  expect(last).toMatchObject({ exitCode: 75, error: { code: 'LOCK_HELD' } })
})

test.each(['process.exit(3)', 'process.exitCode = 3; process.exit()'])(
  'a program that ends with a failure of its own ends with that: %s',
  async (after) => {
    const run = program(after).newRun({ hasPlugin: true })
    expect(await run.whileHeld()).toEqual({ status: 3, stdout: '', stderr: '' })
  },
)

test('a command that waits runs, also if nothing awaits it', async () => {
  const unawaited = program(`console.log('went on')`)
  const { status, stdout } = await unawaited.newRun({ hasPlugin: true }).untilItWaits()
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'went on\nadded\n' })
})
