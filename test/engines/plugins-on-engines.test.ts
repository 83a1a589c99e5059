import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'

import {
  createCoordinator,
  type EventEnvelope,
  type LockInfo,
  type ServiceInfo,
} from '@cli-ops/shared-ipc'
import { beforeEach, describe, expect, test, vi } from 'vitest'

import { root } from '../../scripts/workspaces.mjs'
import { MUCH_OUTPUT } from '../behaviour/endings.mjs'
import { HOSTS, runHost, startHost } from '../behaviour/run-host.js'
import { engineAt, hubWith, NATS, POSTGRES, REDIS, type Variables } from './engines-with-locks.js'
import { hasRabbitServer, RabbitServer } from './rabbitmq-server.js'
import { useEngine } from './use-engine.js'

const OPS = join(root, 'packages/cli/dist/main.js')
const LOCK = 'behaviour'
const DONE = 'behaviour:done'
/** Long enough for an owner that a busy machine keeps from renewing for seconds. */
const LEASE_MS = 4_000
/** The expected state comes immediately, or with the end of a lease; the rest allows for a busy machine. */
const SETTLED = { timeout: 40_000, interval: 100 }
/** One version of each framework: differences between versions do not depend on the engine. */
const FRAMEWORKS = ['commander 14', 'yargs 18', '@oclif/core 4']

const RABBIT = engineAt('RabbitMQ, with locks of this machine', hasRabbitServer(), () =>
  RabbitServer.start(),
)
const ENGINES = [REDIS, POSTGRES, NATS, RABBIT, hubWith(`${LEASE_MS}ms`)]

/** How a command under a lock ends, and what is visible then. */
const ENDINGS = [
  {
    ending: 'resolves',
    exitCode: 0,
    stdout: 'done\n',
    events: ['command:started', DONE, 'command:completed'],
  },
  {
    ending: 'process.exit(5) after much output',
    exitCode: 5,
    stdout: MUCH_OUTPUT,
    events: ['command:started', 'command:failed'],
  },
  {
    ending: 'SIGKILL',
    send: 'SIGKILL',
    exitCode: null,
    stdout: 'ready\n',
    events: ['command:started', 'command:failed'],
  },
] as const

describe.each(ENGINES.filter(({ isThere }) => isThere))(
  'a command under a lock, on $title',
  { timeout: 240_000 },
  (engine) => {
    const suite = useEngine<{ stop(): Promise<unknown> }>(engine)
    let env: Variables
    beforeEach(() => {
      env = {
        ...suite.env,
        ...(engine === RABBIT && { CLI_OPS_LOCKS_URL: 'local:' }),
        CLI_OPS_NAMESPACE: randomUUID(),
        CLI_OPS_LEASE_MS: String(LEASE_MS),
        // A busy machine takes long to answer.
        CLI_OPS_ENGINE_TIMEOUT_MS: '30000',
      }
    })

    /** Returns the output of another process, configured by the same variables. */
    async function ops(command: string): Promise<string> {
      const { stdout } = await promisify(execFile)(process.execPath, [OPS, command, '--json'], {
        env: { ...process.env, ...env, CLI_OPS_HOME: suite.home },
      })
      return stdout
    }
    const instances = async () => JSON.parse(await ops('ps')) as readonly ServiceInfo[]
    const locks = async () => JSON.parse(await ops('locks')) as readonly LockInfo[]
    const eventTypes = async () =>
      (await ops('events'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as EventEnvelope).type)

    describe.each(HOSTS.filter(({ title }) => FRAMEWORKS.includes(title)))('$title', (host) => {
      const run = (ending: string) => ({
        home: suite.home,
        args: ['run', ending],
        options: { commands: { run: { lock: LOCK, emits: DONE } } },
        env,
      })

      test('is visible to others while it runs, and its events arrive as they happen', async () => {
        const { CLI_OPS_URL: url, CLI_OPS_NAMESPACE: namespace, CLI_OPS_TOKEN: token } = env
        if (token !== undefined) vi.stubEnv('CLI_OPS_TOKEN', token)
        await using other = createCoordinator({ name: 'other', home: suite.home, url, namespace })
        const heard: unknown[] = []
        const subscription = other.events.on('*', (data, { type }) => {
          heard.push({ type, ...(data as object) })
        })
        await subscription.ready

        const { child, ready, ended } = startHost(host, run('SIGTERM'))
        await ready
        await vi.waitFor(async () => {
          expect(await instances()).toMatchObject([{ name: 'host', pid: child.pid, state: 'live' }])
        }, SETTLED)
        const owner = { name: 'host', command: 'run', pid: child.pid }
        expect(await locks()).toMatchObject([{ resource: LOCK, owner, waiters: [] }])
        await vi.waitFor(() => {
          expect(heard).toMatchObject([{ type: 'command:started', cli: 'host', command: 'run' }])
        }, SETTLED)

        child.kill('SIGTERM')
        expect(await ended).toMatchObject({ exitCode: null, signal: 'SIGTERM', stderr: '' })
        await vi.waitFor(() => {
          expect(heard).toHaveLength(2)
        }, SETTLED)
        expect(heard[1]).toMatchObject({ type: 'command:failed', cli: 'host', command: 'run' })
        await vi.waitFor(async () => {
          expect(await instances()).toEqual([])
        }, SETTLED)
      })

      test.each(ENDINGS)(
        'that ends by $ending leaves nothing',
        async ({ ending, exitCode, stdout, events, ...row }) => {
          const send = 'send' in row ? row.send : undefined
          const result = await runHost(host, { ...run(ending), send })
          expect(result).toEqual({ exitCode, signal: send ?? null, stdout, stderr: '' })
          await vi.waitFor(async () => {
            expect(await eventTypes()).toEqual(events)
          }, SETTLED)
          await vi.waitFor(async () => {
            expect(await locks()).toEqual([])
          }, SETTLED)

          const next = await runHost(host, run('returns'))
          expect(next).toEqual({ exitCode: 0, signal: null, stdout: 'done\n', stderr: '' })
          await vi.waitFor(async () => {
            expect(await locks()).toEqual([])
            expect(await instances()).toEqual([])
          }, SETTLED)
        },
      )
    })
  },
)
