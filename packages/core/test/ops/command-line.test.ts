import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { expect, onTestFinished, test } from 'vitest'

import { ownOwner } from '../../src/locks/contract/own-owner.js'
import { commandLineOf } from '../../src/ops/command-line.js'

/** Starts a program, and returns its command line as it is shown. */
async function lineOf(program: string, ...args: readonly string[]): Promise<string | undefined> {
  const code = `${program}; console.log('begun'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', code, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return commandLineOf({ ...ownOwner(), pid: child.pid ?? 0 }, new Date())
}

test.runIf(process.platform === 'linux')('is quoted as a shell needs it', async () => {
  expect(await lineOf('', 'two words', '', 'plain')).toMatch(/ 'two words' '' plain$/u)
})

test.runIf(process.platform === 'linux')('is the title of a process that has set one', async () => {
  expect(await lineOf('process.title = "deploy to production"')).toBe('deploy to production')
})
