import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, test } from 'vitest'

import { lookInside } from './look-inside.js'
import type { Framework, Shape } from './shape.js'
import { ShapeProgram } from './shape-program.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** What must hold for a program of any shape: contention changes only the time it takes. */
export function describeShapes(framework: Framework, shapes: readonly Shape[]): void {
  // The real path: stack traces show it.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-ops-')))
  afterAll(() => {
    removeFolder(folder)
  })

  describe.concurrent(framework.title, () => {
    for (const shape of shapes) describeShape(new ShapeProgram(framework, shape, folder))
  })
}

function describeShape(program: ShapeProgram): void {
  const { shape, framework } = program
  const { commands = 1, exitCode = 0, livesOn, isJson = false, beforehand = '' } = shape
  const nothingLeft = { instances: [], locks: [] }
  const expectedTypes = typesOf(commands, exitCode)

  describe(shape.title, () => {
    test('does its work', async ({ expect }) => {
      const { status, stdout, stderr } = await program.plain()
      expect(status).toBe(exitCode)
      if (shape.prints === undefined) expect(stdout + stderr).not.toBe('')
      else expect(stdout).toBe(shape.prints)
    })

    if (commands === 0) {
      test('needs no lock, and leaves no event', async ({ expect }) => {
        const run = program.newRun({ hasPlugin: true })
        expect(await run.whileHeld()).toEqual(await program.plain())
        expect(await lookInside(run.home)).toMatchObject({ types: [], ...nothingLeft })
      })
      return
    }

    test('waits for its lock before it does anything, and then runs the same', async ({
      expect,
    }) => {
      const run = program.newRun({ hasPlugin: true })
      expect(await run.untilItWaits()).toEqual(await program.plain())
      const { types, last, ...rest } = await lookInside(run.home)
      expect(rest).toEqual(nothingLeft)
      expect(types).toEqual(
        expectedTypes.find((one) => one.length === types.length) ?? expectedTypes[0],
      )
      if (commands !== 'unseen') expect(last).toMatchObject({ cli: 'host', exitCode })
    })

    if (!framework.isNewest) return

    test('runs the same while its lock is free', async ({ expect }) => {
      const run = program.newRun({ hasPlugin: true })
      expect(await run.end()).toEqual(await program.plain())
      const { types, last, ...rest } = await lookInside(run.home)
      expect(rest).toEqual(nothingLeft)
      expect(types).toEqual(
        expectedTypes.find((one) => one.length === types.length) ?? expectedTypes[0],
      )
      if (commands !== 'unseen') expect(last).toMatchObject({ cli: 'host', exitCode })
    })

    test('ends with 75 and one line if it may not wait, and its own handlers see nothing', async ({
      expect,
    }) => {
      const run = program.newRun({ hasPlugin: true, onBusy: 'fail' })
      const { status, stdout, stderr } = await run.whileHeld()
      expect(status).toBe(livesOn?.exitCode ?? 75)
      if (isJson) expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'LOCK_HELD' } })
      else expect(stdout).toBe(livesOn?.prints ?? beforehand)
      if (livesOn !== undefined) expect(stderr).toBe('')
      else expect(stderr).toMatch(/^host: [^\n]*"res"[^\n]*held[^\n]* holder[^\n]*\n$/u)
      const { types, last, ...rest } = await lookInside(run.home)
      expect(rest).toEqual(nothingLeft)
      if (livesOn !== undefined || commands === 'unseen') return
      expect(types).toEqual(['command:started', 'command:failed'])
      expect(last).toMatchObject({ exitCode: 75, error: { code: 'LOCK_HELD' } })
    })

    if (livesOn !== undefined) return

    test('ends with 0 if it is skipped, and its own handlers see nothing', async ({ expect }) => {
      const run = program.newRun({ hasPlugin: true, onBusy: 'skip' })
      const { status, stdout } = await run.whileHeld()
      expect(status).toBe(0)
      if (isJson) expect(JSON.parse(stdout)).toMatchObject({ skipped: { code: 'LOCK_HELD' } })
      else expect(stdout).toBe(beforehand)
      const { types, ...rest } = await lookInside(run.home)
      expect(rest).toMatchObject(nothingLeft)
      if (commands === 'unseen') return
      expect(types).toEqual(['command:started', 'command:completed'])
    })
  })
}

/** Returns the types of the events in order; commands inside a command can have events of their own. */
function typesOf(commands: NonNullable<Shape['commands']>, exitCode: number): string[][] {
  const ended = exitCode === 0 ? 'command:completed' : 'command:failed'
  const one = ['command:started', ended]
  if (commands === 'unseen') return [[], one]
  if (commands === 'nested') return [one, ['command:started', ...one, ended]]
  return [Array.from({ length: commands }, () => one).flat()]
}
