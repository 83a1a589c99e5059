import { expect, test, vi } from 'vitest'

import { atExit, runExitCleanups } from '../../../src/base/process/at-exit.js'

test('runs clean-ups given to another copy of the kit as well, the last one first', async () => {
  vi.resetModules()
  const otherCopy = await import('../../../src/base/process/at-exit.js')
  expect(otherCopy.atExit).not.toBe(atExit)
  const ran: string[] = []
  atExit(() => ran.push('first'))
  otherCopy.atExit(() => ran.push('second'))
  const takeBack = otherCopy.atExit(() => ran.push('taken back'))
  takeBack()
  runExitCleanups()
  otherCopy.runExitCleanups()
  expect(ran).toEqual(['second', 'first'])
})

test('a failing clean-up does not prevent the others', () => {
  const ran: string[] = []
  atExit(() => ran.push('still runs'))
  atExit(() => {
    throw new Error('fails')
  })
  runExitCleanups()
  expect(ran).toEqual(['still runs'])
})
