import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createCoordinator } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { temporaryRuntime } from '../../packages/core/test/fixtures/temporary-runtime.js'

temporaryRuntime()
const SCRIPT = fileURLToPath(new URL('scripts/run-out-of-descriptors.mjs', import.meta.url))

type Outcome = Readonly<Record<string, unknown>>

test('a process without a free descriptor is refused locks, loses no event and continues when some are free', async () => {
  const home = temporaryHome()
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, SCRIPT, home],
    { timeout: 25_000 },
  )
  const { outcomes, heard } = JSON.parse(stdout) as {
    outcomes: [Outcome, string, Outcome, Outcome]
    heard: number[]
  }
  const [before, reason, without, after] = outcomes
  const fine = {
    lock: 'ran',
    lockAnother: 'ran',
    emit: 'file:event',
    discover: true,
  }
  expect(before).toEqual({ ...fine, register: 'greedy-0', ask: 0 })
  expect(reason).toBe('EMFILE')
  // What needs a new descriptor is refused with the reason; everything else works.
  for (const [what, outcome] of Object.entries(without)) {
    if (typeof outcome !== 'object') continue
    expect([what, outcome]).toEqual([
      what,
      {
        code: 'STORAGE_FAILED',
        message: expect.stringContaining('too many files are open in this process') as string,
      },
    ])
  }
  expect(after).toEqual({ ...fine, register: 'greedy-2', ask: 2 })
  await using ops = createCoordinator({ name: 'observer', home })
  const stored = (await ops.events.read('file:*', { from: 'earliest' })).map(
    ({ data }) => (data as { n: number }).n,
  )
  // Exactly the acknowledged events are stored, and were delivered.
  const acknowledged = [before, without, after].flatMap(({ emit }, n) =>
    emit === 'file:event' ? [n] : [],
  )
  expect(stored).toEqual(acknowledged)
  expect(heard).toEqual(acknowledged)
  expect(await ops.locks.list()).toEqual([])
})
