import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator, type EventEnvelope } from '@cli-ops/shared-ipc'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { ROWS } from '../behaviour/rows.js'
import { HOSTS, type HostResult, runHost, startHost } from '../behaviour/run-host.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

const LOCK = 'behaviour'
const LEASE_MS = 1_000
const SETTLED = { timeout: 60_000, interval: 50 }
/** One version of each framework: what differs between versions does not differ between engines. */
const FRAMEWORKS = ['commander 14', 'yargs 18', '@oclif/core 4']
/** What is tried on the others: each way in which a process ends. */
const ENDINGS = ['resolves', 'rejects', 'process.exit(5)', 'SIGINT']

/** The frames of a stack trace below the host's own code may show that somebody wrapped its action. */
function withoutFrames(result: HostResult): HostResult {
  return { ...result, stderr: result.stderr.replaceAll(/^ {4}at .*\n/gm, '') }
}

function typesOf(events: readonly EventEnvelope[]): string[] {
  return events.map(({ type }) => type)
}

describe.runIf(hasRedisServer())('a plugin with the URL of a Redis server', () => {
  let server: RedisServer
  let home: string
  let env: Record<string, string>
  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'cli-ops-'))
    env = {
      CLI_OPS_URL: server.url,
      CLI_OPS_NAMESPACE: randomUUID(),
      CLI_OPS_LEASE_MS: String(LEASE_MS),
      // A busy machine takes long to answer.
      CLI_OPS_ENGINE_TIMEOUT_MS: '30000',
    }
  })
  afterEach(async () => {
    await rm(home, { recursive: true })
  })

  function observer() {
    const { CLI_OPS_URL: url, CLI_OPS_NAMESPACE: namespace } = env
    return createCoordinator({ name: 'observer', home, url, namespace })
  }

  describe.each(HOSTS.filter(({ title }) => FRAMEWORKS.includes(title)))('$title', (host) => {
    const rows = ROWS.filter(
      ({ ending }) => host.title.startsWith('commander') || ENDINGS.includes(ending),
    )
    test.each(rows)('a command that ends by $ending', async (row) => {
      const options = { commands: { run: { emits: 'behaviour:done' } } }
      const args = ['run', row.ending]
      const result = await runHost(host, { home, args, send: row.send, options, env })
      expect(result).toMatchObject({ exitCode: row.exitCode, signal: row.signal ?? null })

      await using ops = observer()
      // The companion says it after the command has ended, and says what a killed one could not.
      const isKilled = row.signal !== undefined
      await vi.waitFor(async () => {
        const events = await ops.events.read('*', { from: 'earliest' })
        expect(typesOf(events)).toEqual([
          'command:started',
          ...(row.last === 'command:completed' ? ['behaviour:done'] : []),
          isKilled ? 'command:failed' : row.last,
        ])
        const fields = isKilled ? { exitCode: null } : row.fields
        expect(events.at(-1)?.data).toMatchObject({ cli: 'host', ...fields })
        expect(await ops.registry.discover()).toEqual([])
      }, SETTLED)

      const plain = await runHost(host, { home, args, send: row.send, plugin: false })
      expect(withoutFrames(result)).toEqual(withoutFrames(plain))
    })

    test('a command whose lock is held elsewhere fails with 75 and names the holder', async () => {
      await using ops = observer()
      await using lock = await ops.locks.lock(LOCK)
      const options = { commands: { run: { lock: { resource: LOCK, onBusy: 'fail' } } } }
      const result = await runHost(host, { home, args: ['run', 'returns'], options, env })
      expect(result).toMatchObject({ exitCode: 75, stdout: '' })
      expect(result.stderr).toMatch(
        /^host: "behaviour" is held by observer \(pid \d+, .*\), for \d+ m?s\n$/,
      )
      lock.assertHeld()
      await vi.waitFor(async () => {
        const [, failed] = await ops.events.read('*', { from: 'earliest' })
        expect(failed?.data).toMatchObject({ exitCode: 75, error: { code: 'LOCK_HELD' } })
      }, SETTLED)
    })

    test('a server that is not there costs one line and nothing else', async () => {
      const url = `redis://:secret@127.0.0.1:1`
      const run = { home, args: ['run', 'SIGTERM'], env: { ...env, CLI_OPS_URL: url } }
      const { child, ready, ended } = startHost(host, run)
      await ready
      // A command that ends before does not wait for it.
      await once(child.stderr ?? child, 'data')
      child.kill('SIGTERM')
      const { stdout, stderr, signal } = await ended
      expect({ stdout, signal }).toEqual({ stdout: 'ready\n', signal: 'SIGTERM' })
      expect(stderr).toMatch(/^host: continuing without events and registry: .*127\.0\.0\.1:1.*\n$/)
      expect(stderr).not.toContain('secret')
    })

    test('a command that must have a lock does not run where there is no server', async () => {
      const result = await runHost(host, {
        home,
        args: ['run', 'returns'],
        options: { commands: { run: { lock: LOCK } } },
        env: { ...env, CLI_OPS_URL: 'redis://127.0.0.1:1' },
      })
      expect(result).toMatchObject({ stdout: '' })
      expect(result.exitCode).not.toBe(0)
    })
  })
})
