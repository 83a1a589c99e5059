import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator, type EventEnvelope } from '@cli-ops/shared-ipc'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { ROWS } from '../behaviour/rows.js'
import { HOSTS, type HostResult, runHost } from '../behaviour/run-host.js'
import { NetworkProxy } from './network-proxy.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

const LOCK = 'behaviour'
const LEASE_MS = 1_000
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
      // A busy machine takes long to start a thread, and to answer.
      CLI_OPS_LAST_CALL_MS: '60000',
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
      const read = () => ops.events.read('*', { from: 'earliest' })
      const succeeded = row.last === 'command:completed'
      const expected = [
        'command:started',
        ...(succeeded ? ['behaviour:done'] : []),
        ...(row.last === 'none' ? [] : [row.last]),
      ]
      const types = typesOf(await read())
      // What has not left when a process is killed is lost with it.
      expect(types).toEqual(row.last === 'none' && types.length === 0 ? [] : expected)
      if (row.last !== 'none') {
        expect((await read()).at(-1)?.data).toMatchObject({ cli: 'host', ...row.fields })
      }
      // Unregistered when the process has ended; after a kill, when its lease has.
      if (row.last === 'none') {
        await vi.waitFor(async () => expect(await ops.registry.discover()).toEqual([]), 10_000)
      } else expect(await ops.registry.discover()).toEqual([])

      const plain = await runHost(host, { home, args, send: row.send, plugin: false })
      expect(withoutFrames(result)).toEqual(withoutFrames(plain))
    })

    test('a command whose lock is held elsewhere fails with 75 and names the holder', async () => {
      await using ops = observer()
      await using lock = await ops.locks.lock(LOCK)
      const options = { commands: { run: { lock: { resource: LOCK, onBusy: 'fail' } } } }
      const result = await runHost(host, { home, args: ['run', 'returns'], options, env })
      expect(result).toMatchObject({ exitCode: 75, stdout: '' })
      expect(result.stderr).toMatch(/^host: "behaviour" is held by observer \(pid \d+, .*\)\n$/)
      lock.assertHeld()
      const [, failed] = await ops.events.read('*', { from: 'earliest' })
      expect(failed?.data).toMatchObject({ exitCode: 75, error: { code: 'LOCK_HELD' } })
    })

    test('a server that is not there costs one line and nothing else', async () => {
      const options = { commands: { run: { emits: 'behaviour:done' } } }
      const url = `redis://:secret@127.0.0.1:1`
      const result = await runHost(host, {
        home,
        args: ['run', 'returns'],
        options,
        env: { ...env, CLI_OPS_URL: url },
      })
      expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' })
      expect(result.stderr).toMatch(
        /^host: going on without events and registry: .*127\.0\.0\.1:1.*\n$/,
      )
      expect(result.stderr).not.toContain('secret')
    })

    test('a server that does not answer is waited for at the end, and not for long', async () => {
      const proxy = await NetworkProxy.start({ port: server.port })
      proxy.cut()
      try {
        const result = await runHost(host, {
          home,
          args: ['run', 'process.exit(5)'],
          env: {
            ...env,
            CLI_OPS_URL: `redis://127.0.0.1:${proxy.port}`,
            CLI_OPS_LAST_CALL_MS: '1000',
          },
        })
        expect(result).toMatchObject({ exitCode: 5 })
        expect(result.stderr).toMatch(/^host: going on without .*within 1000 ms\n$/)
      } finally {
        await proxy.close()
      }
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
