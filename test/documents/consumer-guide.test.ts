import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { EventBus } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { codeBlocks } from './markdown.js'
import { TemporaryUser } from './start-cli.js'

const GUIDE = join(root, 'docs/guides/run-a-consumer.md')

/** Starts the guide's consumer, as a user's process. */
function startConsumer(user: TemporaryUser) {
  const [consumer] = codeBlocks(GUIDE, ['js'])
  const args = ['--input-type=module', '--eval', consumer?.code ?? '']
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: user.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await lines.next()).value)
  return { child, next, exited: once(child, 'exit') as Promise<[number | null, string | null]> }
}

test('the guide’s consumer handles events, and ends in order', async () => {
  const user = new TemporaryUser()
  await using bus = new EventBus({ home: user.home })
  const { child, next, exited } = startConsumer(user)
  const line = next()
  // The group begins when the consumer is running, which it does not report.
  for (let isSent: unknown = false; isSent === false; isSent = await Promise.race([line, later()]))
    await bus.emit('mail:requested', { to: 'somebody' })
  expect(await line).toBe("sending { to: 'somebody' }")
  child.kill('SIGTERM')
  expect(await exited).toEqual([0, null])
})

function later(): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20, false)
  })
}
