import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createCoordinator } from '@cli-ops/shared-ipc'
import { expect, test } from 'vitest'

import { temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'

const SCRIPT = fileURLToPath(new URL('scripts/use-everything.mjs', import.meta.url))
const COUNT = 8

interface Outcome {
  readonly tokens: readonly string[]
  readonly waited: string
  readonly waitedMs: number
  readonly now: number
}

/** Runs the script with its clock shifted, or running too fast; the monotonic clock is unaffected, as when a clock is set. */
async function withClock(home: string, shift: string): Promise<Outcome> {
  const env = { ...process.env, DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' }
  const { stdout } = await promisify(execFile)(
    'faketime',
    ['-m', '-f', shift, process.execPath, SCRIPT, home, String(COUNT)],
    { env },
  )
  return JSON.parse(stdout) as Outcome
}

test('clocks that are wrong or set while programs run affect only the displayed times', async (context) => {
  const missing = spawnSync('faketime', ['--version']).error
  context.skip(missing !== undefined, `faketime is not installed here: ${missing?.message}`)
  const home = temporaryHome()
  await using ops = createCoordinator({ name: 'observer', home })
  await using taken = await ops.locks.lock('taken')
  // An hour behind, an hour ahead, a hundred times too fast, and unchanged.
  const outcomes = await Promise.all(
    ['-1h', '+1h', '+0 x100', '+0'].map((shift) => withClock(home, shift)),
  )
  const shifts = outcomes.map(({ now }) => Math.round((now - Date.now()) / 3_600_000) || 0)
  expect([shifts[0], shifts[1], shifts[3]]).toEqual([-1, 1, 0])

  const tokens = outcomes.flatMap((outcome) => outcome.tokens)
  expect(new Set(tokens).size).toBe(4 * COUNT)
  for (const outcome of outcomes) {
    const rising = [...outcome.tokens].sort((one, other) => (BigInt(one) < BigInt(other) ? -1 : 1))
    expect(outcome.tokens).toEqual(rising)
    expect(outcome.waited).toBe('LOCK_TIMEOUT')
    expect(outcome.waitedMs).toBeGreaterThanOrEqual(300)
  }
  taken.assertHeld()
  const events = await ops.events.read('clock:event', { from: 'earliest' })
  expect(events).toHaveLength(4 * COUNT)
  // In log order, each process's events are in its own order.
  const pids = new Set(events.map(({ data }) => (data as { pid: number }).pid))
  expect(pids.size).toBe(4)
  for (const pid of pids) {
    const own = events
      .map(({ data }) => data as { pid: number; n: number })
      .filter((data) => data.pid === pid)
    expect(own.map(({ n }) => n)).toEqual(Array.from({ length: COUNT }, (_, n) => n))
  }
  expect(await ops.registry.discover()).toEqual([])
})
