// The behaviour table of the plugins, for the rows that apply to Windows: the same program with and without the plugin.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { type Coordinator, createCoordinator, type EventEnvelope } from '@cli-ops/shared-ipc'

import { ROWS } from '../../behaviour/rows.js'
import { type Host, type HostResult, HOSTS, runHost } from '../../behaviour/run-host.js'
import { temporaryFolder } from '../parts/temporary-folder.js'

const LOCK = 'behaviour'
const RULE = { commands: { run: { lock: LOCK, emits: 'behaviour:done' } } }

/** A process cannot send signals there; whatever it sends terminates. */
const ON_WINDOWS = ROWS.filter(({ send }) => send === undefined || send === 'SIGKILL')
/** The newest version of each framework. */
const NEWEST = HOSTS.filter(({ framework }) =>
  ['commander', 'yargs', '@oclif/core'].includes(framework),
)

/** Uses the coordination of a home for a moment. */
async function within<Result>(
  home: string,
  use: (ops: Coordinator) => Promise<Result>,
): Promise<Result> {
  const ops = createCoordinator({ name: 'holder', home })
  try {
    return await use(ops)
  } finally {
    await ops.close()
  }
}

function lookInside(home: string) {
  return within(home, async ({ events, registry, locks }) => ({
    events: await events.read('*', { from: 'earliest' }),
    instances: await registry.discover(),
    isLocked: await locks.isLocked(LOCK),
  }))
}

function typesOf(events: readonly EventEnvelope[]): string[] {
  return events.map(({ type }) => type)
}

/** Frames of a stack trace below the host's own code can show that its action is wrapped. */
function withoutFrames({ stderr, ...rest }: HostResult): HostResult {
  return { ...rest, stderr: stderr.replaceAll(/^ {4}at .*\r?\n/gmu, '') }
}

async function whileHeld(host: Host, onBusy: string) {
  const home = temporaryFolder()
  const options = { commands: { run: { lock: { resource: LOCK, onBusy, timeoutMs: 5_000 } } } }
  return within(home, async ({ locks }) => {
    const lock = await locks.lock(LOCK)
    const result = await runHost(host, { home, args: ['run', 'returns'], options })
    lock.assertHeld()
    await lock.release()
    return result
  })
}

for (const host of NEWEST) {
  describe(host.title, { concurrency: 2 }, () => {
    for (const row of ON_WINDOWS) {
      test(`a command that ends by ${row.ending}`, async () => {
        const home = temporaryFolder()
        const run = { home, args: ['run', row.ending], send: row.send }
        const result = await runHost(host, { ...run, options: RULE })
        assert.equal(result.exitCode, row.exitCode, result.stderr)
        const { events, instances, isLocked } = await lookInside(home)
        assert.deepEqual(typesOf(events), [
          'command:started',
          ...(row.last === 'command:completed' ? ['behaviour:done'] : []),
          row.last,
        ])
        const data = events.at(-1)?.data as Record<string, unknown>
        assert.equal(data['command'], 'run')
        for (const [name, value] of Object.entries(row.fields ?? {}))
          assert.deepEqual(data[name], value)
        assert.deepEqual({ instances, isLocked }, { instances: [], isLocked: false })
        const plain = await runHost(host, { ...run, plugin: false })
        assert.deepEqual(withoutFrames(result), withoutFrames(plain))
      })
    }

    test('help and version cost nothing and look the same', async () => {
      const home = temporaryFolder()
      for (const args of [['--help'], ['--version'], ['run', '--help']]) {
        const result = await runHost(host, { home, args, options: RULE })
        assert.deepEqual(result, await runHost(host, { home, args, plugin: false }))
      }
      assert.deepEqual((await lookInside(home)).events, [])
    })

    test('a command whose lock is taken fails with 75, waits for its time, or is skipped', async () => {
      const failed = await whileHeld(host, 'fail')
      assert.deepEqual([failed.exitCode, failed.stdout], [75, ''])
      assert.match(failed.stderr, /^host: .*"behaviour".*holder.*\(pid \d+, .*\), for \d+ m?s\n$/u)
      const waited = await whileHeld(host, 'wait')
      assert.deepEqual([waited.exitCode, waited.stdout], [75, ''])
      assert.match(waited.stderr, /^host: waiting for "behaviour",.* held for .*\nhost: .*\n$/u)
      const skipped = await whileHeld(host, 'skip')
      assert.deepEqual([skipped.exitCode, skipped.stdout], [0, ''])
    })
  })
}
