import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { ROWS } from '../behaviour/rows.js'
import { HOSTS, runHost, startHost } from '../behaviour/run-host.js'
import { codeBlocks } from '../documents/markdown.js'
import { hasRabbitServer, RabbitServer } from './rabbitmq-server.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

const LOCK = 'behaviour'
const FRAMEWORKS = ['commander 14', 'yargs 18', '@oclif/core 4']
const SETTLED = { timeout: 60_000, interval: 50 }
const ENDINGS = ['resolves', 'rejects', 'process.exit(5)', 'SIGINT']

describe.runIf(hasRabbitServer())('a plugin with the URL of a RabbitMQ broker', () => {
  let server: RabbitServer
  let home: string
  let env: Record<string, string>
  beforeAll(async () => {
    server = await RabbitServer.start()
  })
  afterAll(() => server.stop())
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'cli-ops-'))
    env = {
      CLI_OPS_URL: server.url,
      CLI_OPS_NAMESPACE: randomUUID(),
      // A busy machine takes long to answer.
      CLI_OPS_ENGINE_TIMEOUT_MS: '30000',
    }
  })
  afterEach(async () => {
    await rm(home, { recursive: true })
  })

  function observer(url?: { locks?: string; events?: string }) {
    const { CLI_OPS_URL, CLI_OPS_NAMESPACE: namespace } = env
    return createCoordinator({ name: 'observer', home, url: url ?? CLI_OPS_URL, namespace })
  }

  test('the sample of the guide runs on it', async () => {
    const [sample] = codeBlocks(join(root, 'docs/guides/rabbitmq.md'), ['js'])
    const parameters = ['--input-type=module', '--eval', sample?.code ?? '']
    const { stdout, stderr } = await promisify(execFile)(process.execPath, parameters, {
      cwd: root,
      env: { ...process.env, ...env, CLI_OPS_HOME: home },
    })
    expect({ stdout, stderr }).toEqual({ stdout: 'missed: Write\n', stderr: '' })
  })

  test('cli-ops looks at it, and says that it has no locks', async () => {
    const run = async (...args: string[]) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(root, 'packages/cli/dist/main.js'), ...args],
        { env: { ...process.env, ...env, CLI_OPS_HOME: home } },
      )
      return stdout
    }
    const reason = 'the amqp driver has no locks; set CLI_OPS_LOCKS_URL'
    expect(await run('status')).toContain(`! ${reason}`)
    expect(await run('clean')).toContain('Removed 0 stale locks')
    const doctor = await run('doctor')
    expect(doctor).toMatch(/^ok\s+engine: amqp: answered/mu)
    expect(doctor).toContain(`warn  locks: ${reason}`)
  })

  describe.each(HOSTS.filter(({ title }) => FRAMEWORKS.includes(title)))('$title', (host) => {
    const rows = ROWS.filter(({ ending }) => ENDINGS.includes(ending))
    test.each(rows)('a command that ends by $ending', async (row) => {
      const options = { commands: { run: { emits: 'behaviour:done' } } }
      const args = ['run', row.ending]
      const result = await runHost(host, { home, args, send: row.send, options, env })
      expect(result).toMatchObject({ exitCode: row.exitCode, signal: row.signal ?? null })
      const plain = await runHost(host, { home, args, send: row.send, plugin: false })
      expect(result.stdout).toBe(plain.stdout)

      await using ops = observer()
      const succeeded = row.last === 'command:completed'
      // The companion says it after the command has ended, and says what a killed one could not.
      const isKilled = row.signal !== undefined
      await vi.waitFor(async () => {
        const events = await ops.events.read('*', { from: 'earliest' })
        expect(events.map(({ type }) => type)).toEqual([
          'command:started',
          ...(succeeded ? ['behaviour:done'] : []),
          isKilled ? 'command:failed' : row.last,
        ])
        const fields = isKilled ? { exitCode: null } : row.fields
        expect(events.at(-1)?.data).toMatchObject({ cli: 'host', ...fields })
        expect(await ops.registry.discover()).toEqual([])
      }, SETTLED)
    })

    test('a command that must have a lock does not run, and is told where locks are available', async () => {
      const options = { commands: { run: { lock: LOCK } } }
      const result = await runHost(host, { home, args: ['run', 'returns'], options, env })
      expect(result).toMatchObject({ stdout: '' })
      expect(result.exitCode).not.toBe(0)
      expect(result.stderr).toMatch(
        /^host: .*the amqp driver has no locks; set CLI_OPS_LOCKS_URL.*redis:\/\/.*\n$/u,
      )
    })

    test('a command without a lock runs, and says nothing', async () => {
      const result = await runHost(host, { home, args: ['run', 'returns'], env })
      expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: '' })
    })

    test.runIf(hasRedisServer())('locks are Redis, and all else is RabbitMQ', async () => {
      const redis = await RedisServer.start()
      try {
        await using ops = observer({ locks: redis.url, events: server.url })
        const options = { commands: { run: { lock: { resource: LOCK, onBusy: 'fail' } } } }
        const run = () =>
          runHost(host, {
            home,
            args: ['run', 'returns'],
            options,
            env: { ...env, CLI_OPS_LOCKS_URL: redis.url },
          })
        const lock = await ops.locks.lock(LOCK)
        expect(await run()).toMatchObject({ exitCode: 75, stdout: '' })
        await lock.release()
        expect(await run()).toMatchObject({ exitCode: 0, stdout: 'done\n', stderr: '' })
        await vi.waitFor(async () => {
          const events = await ops.events.read('command:*', { from: 'earliest' })
          expect(events.map(({ type }) => type)).toEqual([
            'command:started',
            'command:failed',
            'command:started',
            'command:completed',
          ])
        }, SETTLED)
      } finally {
        await redis.stop()
      }
    })

    test('a broker that is not there costs one line and nothing else', async () => {
      const url = 'amqp://team:secret@127.0.0.1:1'
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
  })
})
