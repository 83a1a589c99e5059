import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator, type EventEnvelope } from '@cli-ops/shared-ipc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { ROWS } from './rows.js'
import { HOSTS, type HostResult, runHost } from './run-host.js'

const LOCK = 'behaviour'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'cli-ops-'))
})
afterEach(async () => {
  await rm(home, { recursive: true })
})

async function lookInside() {
  await using ops = createCoordinator({ name: 'observer', home })
  const events = await ops.events.read('*', { from: 'earliest' })
  return {
    events,
    instances: await ops.registry.discover(),
    isLocked: await ops.locks.isLocked(LOCK),
  }
}

/**
 * Frames of a stack trace below the host's own code can show that its action is wrapped. Each runtime indents them
 * differently.
 */
function withoutFrames(result: HostResult): HostResult {
  return { ...result, stderr: result.stderr.replaceAll(/^ {4,}at .*\n/gm, '') }
}

function typesOf(events: readonly EventEnvelope[]): string[] {
  return events.map(({ type }) => type)
}

describe.each(HOSTS)('$title', (host) => {
  const rule = { commands: { run: { lock: LOCK, emits: 'behaviour:done' } } }

  test.each(ROWS)('a command that ends by $ending', async (row) => {
    const args = ['run', row.ending]
    const result = await runHost(host, { home, args, send: row.send, options: rule })
    expect(result).toMatchObject({ exitCode: row.exitCode, signal: row.signal ?? null })

    const { events, instances, isLocked } = await lookInside()
    const succeeded = row.last === 'command:completed'
    expect(typesOf(events)).toEqual([
      'command:started',
      ...(succeeded ? ['behaviour:done'] : []),
      row.last,
    ])
    expect(events[0]?.data).toMatchObject({ cli: 'host', command: 'run' })
    const data = events.at(-1)?.data
    expect(data).toMatchObject({ cli: 'host', command: 'run', ...row.fields })
    expect(data).toHaveProperty('durationMs')
    expect(instances).toEqual([])
    expect(isLocked).toBe(false)

    // The plugin must not be noticeable: same output, same end as the program without it.
    const plain = await runHost(host, { home, args, send: row.send, plugin: false })
    expect(withoutFrames(result)).toEqual(withoutFrames(plain))
  })

  test.each([
    ['--help'],
    ['--version'],
    ['run', '--help'],
    ['unknown'],
    ['run'],
    ['run', 'returns', '--unknown'],
  ])('%s %s %s costs nothing and looks the same', async (...args) => {
    const result = await runHost(host, { home, args, options: rule })
    const plain = await runHost(host, { home, args, plugin: false })
    expect(result).toEqual(plain)
    const isUsageError = args[0] === 'run' && !args.includes('--help')
    if (host.validatesInside === true && isUsageError) return
    expect((await lookInside()).events).toEqual([])
  })

  describe('with its lock taken', () => {
    async function runWhileHeld(onBusy: 'wait' | 'fail' | 'skip', timeoutMs?: number) {
      await using ops = createCoordinator({ name: 'holder', home })
      await using lock = await ops.locks.lock(LOCK)
      const options = {
        commands: { run: { lock: { resource: LOCK, onBusy, timeoutMs }, emits: 'behaviour:done' } },
      }
      const result = await runHost(host, { home, args: ['run', 'returns'], options })
      lock.assertHeld()
      return { ...result, ...(await lookInside()) }
    }

    test('a command that may not wait fails with 75 and names the holder', async () => {
      const { exitCode, stdout, stderr, events } = await runWhileHeld('fail')
      expect({ exitCode, stdout }).toEqual({ exitCode: 75, stdout: '' })
      expect(stderr).toMatch(/^host: .*"behaviour".*holder.*\(pid \d+, .*\), for \d+ m?s\n$/)
      expect(typesOf(events)).toEqual(['command:started', 'command:failed'])
      expect(events[1]?.data).toMatchObject({ exitCode: 75, error: { code: 'LOCK_HELD' } })
    })

    test('a command that waits too long fails with 75', async () => {
      const { exitCode, stdout, stderr, events } = await runWhileHeld('wait', 3_000)
      expect({ exitCode, stdout }).toEqual({ exitCode: 75, stdout: '' })
      expect(stderr).toMatch(
        /^(?:host: waiting for "behaviour", .*held for .* by holder.*\(pid \d+, .*\)\n)+host: .*\n$/,
      )
      expect(events[1]?.data).toMatchObject({ exitCode: 75, error: { code: 'LOCK_TIMEOUT' } })
    })

    test('a command that is to be skipped counts as done', async () => {
      const { exitCode, stdout, events } = await runWhileHeld('skip')
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' })
      expect(typesOf(events)).toEqual(['command:started', 'command:completed'])
    })
  })

  test('says nothing and does nothing when disabled', async () => {
    const result = await runHost(host, {
      home,
      args: ['run', 'returns'],
      options: rule,
      env: { CLI_OPS_DISABLED: '1' },
    })
    expect(result).toEqual({ exitCode: 0, signal: null, stdout: 'done\n', stderr: '' })
    expect((await lookInside()).events).toEqual([])
  })
})
