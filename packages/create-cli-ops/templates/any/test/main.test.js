import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { createTestCoordinator } from '@cli-ops/shared-ipc/testing'

const main = fileURLToPath(new URL('../__main__', import.meta.url))

test('notes added at the same time are all kept, and others receive an event for each', async (t) => {
  // A separate home, so that this test never affects your other CLIs.
  const ops = createTestCoordinator({ storage: 'disk' })
  t.after(() => ops.close())
  const env = { ...process.env, CLI_OPS_HOME: ops.home, NOTES_FILE: join(ops.home, 'notes.json') }
  const run = (...args) => promisify(execFile)(process.execPath, [main, ...args], { env })

  const texts = ['a', 'b', 'c', 'd', 'e']
  await Promise.all(texts.map((text) => run('add', text)))

  const { stdout } = await run('list')
  assert.deepEqual(stdout.trim().split('\n').sort(), texts)

  const heard = []
  for await (const { data } of ops.events.subscribe('note:added', { from: 'earliest' })) {
    heard.push(data.text)
    if (heard.length === texts.length) break
  }
  assert.deepEqual(heard.sort(), texts)
})
