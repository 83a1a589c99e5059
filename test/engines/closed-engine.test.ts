import { randomUUID } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createCoordinator, type LockInfo } from '@cli-ops/shared-ipc'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { CliOpsUser } from '../../packages/cli/test/fixtures/cli-ops-user.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'
import { HOSTS, runHost } from '../behaviour/run-host.js'
import { HubServer } from './hub-server.js'
import { hasNats, NatsServer } from './nats-server.js'
import { sayTo } from './redis-replication.js'
import { hasRedisServer, RedisServer } from './redis-server.js'

// An engine that is new, or was emptied, grants no lock for one lease: an owner that it does not know may still be at work.

const LEASE_MS = 3_000
const WAITS =
  /^(\S+): waiting for "db": the engine is new, or may have lost its records, and grants no lock for another \d s$/mu

const ENGINES = [
  {
    title: 'Redis',
    isThere: hasRedisServer(),
    start: () => RedisServer.start(),
    runs: [
      [],
      ['--slots', '2'],
      ['--queue', 'latest'],
      ['--on-busy', 'join'],
      ['--on-busy', 'replace'],
    ],
    frameworks: ['commander 14', 'yargs 18', '@oclif/core 4'],
  },
  {
    title: 'NATS',
    isThere: hasNats(),
    start: () => NatsServer.start(),
    runs: [[]],
    frameworks: ['commander 14'],
  },
]

async function empty(server: RedisServer | NatsServer): Promise<void> {
  if (server instanceof RedisServer) {
    await sayTo(server.port, 'FLUSHALL')
    return
  }
  for (const stream of await server.streams()) await server.ask(`STREAM.DELETE.${stream}`)
}

describe.each(ENGINES.filter(({ isThere }) => isThere))(
  'on $title, emptied',
  ({ start, runs, frameworks }) => {
    let server: RedisServer | NatsServer
    let env: Record<string, string>
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server.stop())
    beforeEach(async () => {
      await empty(server)
      env = {
        CLI_OPS_URL: server.url,
        CLI_OPS_NAMESPACE: randomUUID(),
        CLI_OPS_LEASE_MS: String(LEASE_MS),
        CLI_OPS_ENGINE_TIMEOUT_MS: '30000',
      }
    })

    async function temporaryHome(): Promise<string> {
      const home = await mkdtemp(join(tmpdir(), 'cli-ops-'))
      onTestFinished(() => removeFolder(home))
      return home
    }

    test.each(runs.map((options) => ({ options })))(
      'cli-ops run $options waits, and says why',
      async ({ options }) => {
        const user = new CliOpsUser(env)
        const run = user.run('run', '--lock', 'db', ...options, '--', 'echo', 'ran')
        const { status, stdout, stderr } = await run
        expect({ status, stdout }).toEqual({ status: 0, stdout: 'ran\n' })
        expect(stderr).toMatch(WAITS)
      },
    )

    test.each(runs.map((options) => ({ options })))(
      'cli-ops run --wait 1500ms $options says why it gave up',
      async ({ options }) => {
        const user = new CliOpsUser(env)
        const { status, stdout, stderr } = await user.run(
          ...['run', '--lock', 'db', '--wait', '1500ms', ...options, '--', 'echo', 'ran'],
        )
        expect({ status, stdout }).toEqual({ status: 75, stdout: '' })
        expect(stderr).toMatch(
          /"db" was not granted within 1\.5 s: the engine is new, or may have/u,
        )
      },
    )

    test.each([{ slots: [] }, { slots: ['--slots', '2'] }])(
      'cli-ops run --no-wait $slots is refused',
      async ({ slots }) => {
        const user = new CliOpsUser(env)
        const { status, stdout, stderr } = await user.run(
          ...['run', '--lock', 'db', '--no-wait', ...slots, '--', 'echo', 'ran'],
        )
        expect({ status, stdout }).toEqual({ status: 69, stdout: '' })
        expect(stderr).toMatch(/^cli-ops: .*\bnew\b.*\n$/u)
        // The name of a slot's lock is not for people.
        expect(stderr).not.toMatch(/\\u001f/u)
      },
    )

    test.each(HOSTS.filter(({ title }) => frameworks.includes(title)))(
      'a command of $title waits, and says why',
      async (host) => {
        const home = await temporaryHome()
        const options = { commands: { run: { lock: 'db' } } }
        const result = await runHost(host, { home, args: ['run', 'resolves'], options, env })
        expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' })
        expect(result.stderr).toMatch(WAITS)
      },
    )

    test('those who look are told, once', async () => {
      const user = new CliOpsUser({ ...env, CLI_OPS_LEASE_MS: '600000' })
      const waiting = ['--', 'true']
      const one = user.start('run', '--lock', 'db', '--label', 'one', ...waiting)
      await one.says('grants no lock')
      const other = user.start('run', '--lock', 'devices', '--slots', '2', ...waiting)
      await other.says('grants no lock')
      const closed = /the engine is new, .*? grants no lock for another \d/gu
      const why = await user.run('why', 'db')
      expect(why.stdout).toMatch(/^"db"\n {2}held by {3}nobody; the engine is new,/u)
      expect(why.stdout).toContain('"one"')
      expect((await user.run('why')).stdout.replaceAll(/\s+/gu, ' ').match(closed)).toHaveLength(2)
      const status = (await user.run('status')).stdout
      expect(status.match(closed)).toHaveLength(1)
      expect(status).toMatch(/grants no lock .*, and 2 wait for it$/mu)
      expect((await user.run('locks')).stdout).toContain('not granted for another')
      const top = (await user.run('top', '--once')).stdout
      expect(top.match(/grants no lock/gu)).toHaveLength(1)
      const locks = await user.json<{ resource: string; closedUntil: string }[]>('locks')
      for (const { closedUntil } of locks)
        expect(Date.parse(closedUntil)).toBeGreaterThan(Date.now())
      expect(locks.map(({ resource }) => resource).sort()).toEqual(['db', 'devices'])
    })

    test('a lock that nobody waits for is not called free', async () => {
      const user = new CliOpsUser({ ...env, CLI_OPS_LEASE_MS: '600000' })
      for (const command of ['why', 'locks']) {
        const { status, stdout } = await user.run(command, 'db')
        expect(status).toBe(0)
        expect(stdout).toMatch(
          /^"db" is not granted yet: no process holds it or waits for it, but the engine is new, .* grants no lock for another \d/u,
        )
      }
      const open = new CliOpsUser({ ...env, CLI_OPS_NAMESPACE: randomUUID() })
      await open.run('run', '--lock', 'db', '--', 'true')
      expect((await open.run('why', 'db')).stdout).toMatch(/^"db" is free: /u)
    })

    test('onWait is told until when', async () => {
      const { url } = server
      const { CLI_OPS_NAMESPACE: namespace } = env
      const home = await temporaryHome()
      await using ops = createCoordinator({ name: 'a', url, namespace, home, leaseMs: LEASE_MS })
      const told: LockInfo[] = []
      const asked = Date.now()
      const lock = await ops.locks.lock('db', { onWait: (info) => void told.push(info) })
      expect(told).toMatchObject([{ resource: 'db', id: '', holders: [] }])
      const closedMs = Number(told[0]?.closedUntil) - asked
      expect(closedMs).toBeGreaterThan(0)
      expect(closedMs).toBeLessThan(2 * LEASE_MS)
      await lock.release()
    })
  },
)

test.skipIf(!hasRedisServer())('a hub says so of its store', async () => {
  const server = await RedisServer.start()
  onTestFinished(() => server.stop())
  await empty(server)
  const hub = await HubServer.start(['--store', server.url, '--lease', '10m'])
  onTestFinished(() => hub.stop())
  const user = new CliOpsUser({ CLI_OPS_URL: hub.url, CLI_OPS_TOKEN: hub.secret })
  const { stdout } = await user.run('why', 'db')
  expect(stdout).toMatch(/^"db" is not granted yet: .* the engine is new, .* for another \d/u)
})
