import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCoordinator } from '@cli-ops/shared-ipc'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import {
  noPseudoTerminal,
  PseudoTerminal,
} from '../../packages/cli/test/fixtures/pseudo-terminal.js'
import { engineAt, hubWith, NATS, POSTGRES, REDIS, type Variables } from './engines-with-locks.js'
import { freePort } from './free-port.js'
import { NetworkProxy } from './network-proxy.js'
import { hasRabbitServer, RabbitServer } from './rabbitmq-server.js'
import { useEngine } from './use-engine.js'

const HOST = fileURLToPath(new URL('hosts/host-on-engine.mjs', import.meta.url))
const LOCK = 'deploy'
/** No test waits for such a lease to end. */
const LONG_LEASE_MS = 3_600_000
const SETTLED = { timeout: 60_000, interval: 50 }

/** What the tests need from each server. */
interface Server {
  readonly port: number
  restart(): Promise<void>
  stop(): Promise<void>
}

const HUB = hubWith('1h')
const RABBIT = engineAt('RabbitMQ', hasRabbitServer(), () => RabbitServer.start())

/** A pid namespace whose first process is the host, as in a container. */
const CONTAINER: readonly [string, ...string[]] = ['unshare', '--pid', '--fork', '--mount-proc']
const noContainer = spawnSync(CONTAINER[0], [...CONTAINER.slice(1), 'true']).status !== 0

const unused = (count: number) => Array.from({ length: count }, () => undefined)

/** A host, and its output so far. */
function startHost(env: Variables, ...args: string[]) {
  const [program = process.execPath, ...rest] =
    args[0] === CONTAINER[0] ? args : [process.execPath, HOST, ...args]
  const child = spawn(program, rest, {
    // Descriptors that shells, make and test runners leave open. Node does not know of those above 15.
    stdio: [...Array.from({ length: 4 }, () => 'pipe' as const), ...unused(36), 'pipe'],
    env: { ...process.env, ...env },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const host = { child, pid: child.pid ?? 0, stdout: '', stderr: '', ended: once(child, 'close') }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => (host[name] += text))
  return host
}

type Host = ReturnType<typeof startHost>

async function untilReady(host: Host): Promise<void> {
  await vi.waitFor(() => {
    expect(host.stdout).toContain('ready')
  }, SETTLED)
}

/** Returns a process's companions, from the process table. */
function companionsOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return readFileSync(`/proc/${each}/cmdline`, 'utf8').includes(`(pid ${pid})`)
      } catch {
        return false
      }
    })
}

async function companionOf(pid: number): Promise<number> {
  return vi.waitFor(() => {
    const [companion] = companionsOf(pid)
    if (companion === undefined) throw new Error('no companion yet')
    return companion
  }, SETTLED)
}

async function untilGone(pid: number): Promise<void> {
  await vi.waitFor(() => {
    expect(companionsOf(pid)).toEqual([])
  }, SETTLED)
}

function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      // For example, the descriptor that read the folder.
      return []
    }
  })
}

describe
  .skipIf(process.platform !== 'linux')
  .each([REDIS, POSTGRES, NATS, HUB, RABBIT].filter(({ isThere }) => isThere))(
  'a command on $title',
  (engine) => {
    const hasLocks = engine !== RABBIT
    const suite = useEngine<Server>(engine)
    let env: Variables
    beforeEach(() => {
      env = {
        ...suite.env,
        CLI_OPS_HOME: suite.home,
        CLI_OPS_NAMESPACE: randomUUID(),
        CLI_OPS_LEASE_MS: String(LONG_LEASE_MS),
        CLI_OPS_ENGINE_TIMEOUT_MS: '30000',
      }
      if (env['CLI_OPS_TOKEN'] !== undefined) vi.stubEnv('CLI_OPS_TOKEN', env['CLI_OPS_TOKEN'])
    })
    afterEach(() => {
      vi.unstubAllEnvs()
    })

    /** Where nothing answers. */
    async function away(): Promise<Variables> {
      const { href } = Object.assign(new URL(env['CLI_OPS_URL'] ?? ''), { port: await freePort() })
      return { ...env, CLI_OPS_URL: href, CLI_OPS_ENGINE_TIMEOUT_MS: '2000' }
    }
    function observer() {
      const { CLI_OPS_URL: url, CLI_OPS_NAMESPACE: namespace } = env
      return createCoordinator({
        name: 'observer',
        home: suite.home,
        url,
        namespace,
        leaseMs: LONG_LEASE_MS,
      })
    }
    /** Waits for what a command has left: on a busy machine a read can end before everything has arrived from the engine. */
    const expectEvents = (ops: ReturnType<typeof observer>, ...ends: readonly object[]) =>
      vi.waitFor(async () => {
        const events = await ops.events.read('command:*', { from: 'earliest' })
        expect(events).toMatchObject([
          { type: 'command:started', data: { cli: 'host' } },
          ...ends.map((data) => ({ type: 'command:failed', data })),
        ])
      }, SETTLED)

    test('that is killed is over for all others, and its failure is stored once', async () => {
      await using ops = observer()
      const host = startHost(env, ...(hasLocks ? ['hold', '600000'] : ['stay']))
      await untilReady(host)
      await vi.waitFor(async () => {
        expect(await ops.registry.discover()).toMatchObject([{ name: 'host', pid: host.pid }])
      }, SETTLED)
      host.child.kill('SIGKILL')
      await host.ended
      if (hasLocks) await (await ops.locks.lock(LOCK)).release()
      await untilGone(host.pid)
      const heldMs = expect.any(Number) as number
      const lock = { resource: LOCK, id: expect.any(String) as string, heldMs }
      await expectEvents(ops, { exitCode: null, ...(hasLocks && { lock }) })
      expect(await ops.registry.discover()).toEqual([])
    })

    test('that exits immediately stores all its events, however large', async () => {
      await using ops = observer()
      // A busy machine is slow with ten megabytes.
      const host = startHost({ ...env, CLI_OPS_ENGINE_TIMEOUT_MS: '60000' }, 'pour', '20')
      expect((await host.ended)[0]).toBe(5)
      await untilGone(host.pid)
      const all = Array.from({ length: 20 }, (_, index) => `p-${index}`)
      await vi.waitFor(async () => {
        const poured = await ops.events.read('pour:out', { from: 'earliest' })
        expect(poured.map(({ id }) => id)).toEqual(all)
      }, SETTLED)
      await expectEvents(ops, { exitCode: 5 })
    })

    test('ends when its work does, while the engine hangs', async () => {
      const proxy = await NetworkProxy.start({ port: suite.server.port })
      proxy.cut()
      const { href } = Object.assign(new URL(env['CLI_OPS_URL'] ?? ''), { port: proxy.port })
      const hanging = { ...env, CLI_OPS_URL: href, CLI_OPS_ENGINE_TIMEOUT_MS: '3600000' }
      try {
        const host = startHost(hanging, 'nothing')
        // Its pipes are closed as well: no other process has them.
        expect((await host.ended)[0]).toBe(0)
        const companion = await companionOf(host.pid)
        expect(host.stderr).toBe('')
        process.kill(companion, 'SIGKILL')

        const impatient = startHost({ ...hanging, CLI_OPS_ENGINE_TIMEOUT_MS: '200' }, 'nothing')
        await impatient.ended
        // It gives up on its own.
        await untilGone(impatient.pid)
      } finally {
        await proxy.close()
      }
    })

    test('continues with one line if the engine is away', async () => {
      const host = startHost(await away(), 'stay')
      await vi.waitFor(() => {
        expect(host.stderr).not.toBe('')
      }, SETTLED)
      host.child.kill('SIGKILL')
      await host.ended
      expect(host.stdout).toBe('ready\n')
      expect(host.stderr).toMatch(/^host: continuing without events and registry: .+\n$/u)
    })

    test.skipIf(noContainer)('is not cut short if its container ends with it', async () => {
      await using ops = observer()
      const host = startHost(env, ...CONTAINER, process.execPath, HOST, 'nothing')
      expect((await host.ended)[0]).toBe(0)
      await vi.waitFor(async () => {
        const events = await ops.events.read('command:*', { from: 'earliest' })
        expect(events.map(({ type }) => type)).toEqual(['command:started', 'command:completed'])
      }, SETTLED)
    })

    describe.runIf(hasLocks)('under a lock', () => {
      test('keeps it in synchronous code for longer than its lease', async () => {
        const leaseMs = 1_000
        const host = startHost(
          { ...env, CLI_OPS_LEASE_MS: String(leaseMs) },
          'hold',
          String(5 * leaseMs),
        )
        await untilReady(host)
        await using ops = observer()
        const lock = await ops.locks.lock(LOCK)
        const grantedAt = Date.now()
        await lock.release()
        await host.ended
        const heldUntil = Number(/^ready\nheld until (\d+)\n$/u.exec(host.stdout)?.[1])
        expect(grantedAt).toBeGreaterThanOrEqual(heldUntil)
      })

      test('passes it to what it runs inside, and learns if it would wait for itself', async () => {
        const nested = startHost(env, 'nest')
        await nested.ended
        expect(nested.stdout).toBe('inside\n')
        const fight = startHost(env, 'fight')
        await fight.ended
        expect(fight.stderr).toContain('the caller itself already holds it')
      })

      test.each([
        ['inside', 'wait'],
        ['inside', 'fail'],
        ['inside-async', 'wait'],
        ['inside-async', 'skip'],
      ])(
        'runs another command of the same CLI as a part of itself: %s, which may %s',
        async (command, busy) => {
          const host = startHost({ ...env, NAME: 'host', ON_BUSY: busy }, 'around', 'host', command)
          expect(await host.ended).toEqual([0, null])
          expect({ stdout: host.stdout, stderr: host.stderr }).toEqual({
            stdout: 'inside\n',
            stderr: '',
          })
        },
      )

      test.each(['inside', 'inside-async'])(
        'is not waited for by another CLI’s command that it waits for: %s',
        async (command) => {
          const host = startHost({ ...env, NAME: 'host' }, 'around', 'other', command)
          expect(await host.ended).toEqual([78, null])
          expect(host.stdout).toBe('')
          expect(host.stderr).toMatch(
            /^other: waiting for "deploy" would never end: .*host around.* which waits for this process to end$/mu,
          )
        },
      )

      test('is shown as its owner, and the companion is not', async () => {
        await using ops = observer()
        const host = startHost(env, 'hold', '600000')
        await untilReady(host)
        const { owner } = (await ops.locks.inspect(LOCK)) ?? {}
        expect(owner).toMatchObject({ name: 'host', command: 'hold', pid: host.pid })
      })

      test('releases it when it exits', async () => {
        await using ops = observer()
        const host = startHost(env, 'exit', '5')
        expect((await host.ended)[0]).toBe(5)
        await (await ops.locks.lock(LOCK)).release()
        await untilGone(host.pid)
        await expectEvents(ops, { exitCode: 5 })
      })

      test('waits for it in order of arrival', async () => {
        await using ops = observer()
        const lock = await ops.locks.lock(LOCK)
        const file = join(suite.home, 'turns')
        const hosts: Host[] = []
        const turns = ['first', 'second', 'third']
        for (const turn of turns) {
          hosts.push(startHost({ ...env, TURN: turn }, 'take-turn', file))
          await vi.waitFor(async () => {
            expect((await ops.locks.inspect(LOCK))?.waiters).toHaveLength(hosts.length)
          }, SETTLED)
        }
        await vi.waitFor(() => {
          expect(hosts[0]?.stderr).toMatch(
            /^host: waiting for "deploy",.* held for .* by observer/u,
          )
        }, SETTLED)
        await lock.release()
        await Promise.all(hosts.map(({ ended }) => ended))
        expect(readFileSync(file, 'utf8')).toBe('first\nsecond\nthird\n')
      })

      test('keeps it while the engine is restarted, and stores its end', async () => {
        await using ops = observer()
        const told = join(suite.home, 'told')
        const host = startHost(env, 'until', told)
        await untilReady(host)
        await vi.waitFor(async () => {
          expect(await ops.events.read('command:started', { from: 'earliest' })).toHaveLength(1)
        }, SETTLED)
        await suite.server.restart()
        await vi.waitFor(async () => {
          expect((await ops.locks.inspect(LOCK))?.owner).toMatchObject({ pid: host.pid })
        }, SETTLED)
        expect(await ops.locks.tryLock(LOCK)).toBeNull()
        writeFileSync(told, '')
        expect((await host.ended)[0]).toBe(0)
        await untilGone(host.pid)
        expect(host.stderr).toBe('')
        expect(await ops.locks.isLocked(LOCK)).toBe(false)
        const events = await ops.events.read('command:*', { from: 'earliest' })
        expect(events.map(({ type }) => type)).toEqual(['command:started', 'command:completed'])
      })

      test('does not run if the engine is away: 69, and one line', async () => {
        const host = startHost(await away(), 'hold', '1')
        expect((await host.ended)[0]).toBe(69)
        expect(host.stdout).toBe('')
        expect(host.stderr).toMatch(/^host: .+\n$/u)
      })

      test('does not run if its companion is killed while it waits', async () => {
        await using ops = observer()
        await using lock = await ops.locks.lock(LOCK)
        const host = startHost(env, 'hold', '1')
        await vi.waitFor(async () => {
          expect((await ops.locks.inspect(LOCK))?.waiters).toHaveLength(1)
        }, SETTLED)
        process.kill(await companionOf(host.pid), 'SIGKILL')
        expect((await host.ended)[0]).toBe(69)
        expect(host.stdout).toBe('')
        lock.assertHeld()
      })

      test('learns that it has lost it, with its companion', async () => {
        await using ops = observer()
        const host = startHost(env, 'watch')
        await untilReady(host)
        process.kill(await companionOf(host.pid), 'SIGKILL')
        expect((await host.ended)[0]).toBe(0)
        expect(host.stdout).toBe('ready\nLOCK_LOST\n')
        expect(host.stderr).toMatch(/^host: continuing without events and registry: .*\n$/u)
        // The lease still has to end.
        expect(await ops.locks.tryLock(LOCK)).toBeNull()
      })

      test('learns that it has lost it if its companion is stopped for a lease', async () => {
        const host = startHost({ ...env, CLI_OPS_LEASE_MS: '1000' }, 'watch')
        await untilReady(host)
        const companion = await companionOf(host.pid)
        process.kill(companion, 'SIGSTOP')
        onTestFinished(() => void process.kill(companion, 'SIGKILL'))
        await host.ended
        expect(host.stdout).toBe('ready\nLOCK_LOST\n')
      })

      test('does not find itself among the others', async () => {
        const host = startHost(env, 'who')
        expect((await host.ended)[0]).toBe(0)
        expect(host.stdout).toBe('0 others\n')
      })

      test('has a companion that shares none of its resources', async () => {
        const host = startHost(env, 'hold', '600000')
        await untilReady(host)
        const companion = await companionOf(host.pid)
        const others = [...descriptorsOf(host.pid), ...descriptorsOf(process.pid)]
        const isOwn = (link: string) => link !== '/dev/null' && !link.startsWith('anon_inode:')
        expect(
          descriptorsOf(companion).filter((link) => isOwn(link) && others.includes(link)),
        ).toEqual([])
        expect(readlinkSync(`/proc/${companion}/cwd`)).toBe('/')
        const stat = readFileSync(`/proc/${companion}/stat`, 'utf8')
        const [, , , session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        expect([session, terminal]).toEqual([String(companion), '0'])
      })

      test.each(['SIGTERM', 'SIGINT'] as const)(
        '%s ends its wait, and leaves nothing in the queue',
        async (signal) => {
          await using ops = observer()
          const lock = await ops.locks.lock(LOCK)
          const host = startHost(env, 'hold', '1')
          await vi.waitFor(async () => {
            expect((await ops.locks.inspect(LOCK))?.waiters).toHaveLength(1)
          }, SETTLED)
          host.child.kill(signal)
          expect((await host.ended)[1]).toBe(signal)
          await untilGone(host.pid)
          expect((await ops.locks.inspect(LOCK))?.waiters).toEqual([])
          expect(host.stdout).toBe('')
          await lock.release()
        },
      )

      test('receives Ctrl-C while it waits, if it listens', async () => {
        await using ops = observer()
        await using lock = await ops.locks.lock(LOCK)
        const host = startHost(env, 'hear')
        await vi.waitFor(async () => {
          expect((await ops.locks.inspect(LOCK))?.waiters).toHaveLength(1)
        }, SETTLED)
        host.child.kill('SIGINT')
        expect((await host.ended)[0]).toBe(7)
        expect(host.stdout).toBe('heard\n')
        lock.assertHeld()
      })

      test.skipIf(noPseudoTerminal !== undefined).each([['hold', '600000'], ['watch']])(
        '%s ends with Ctrl-C on its terminal, and is over for all others',
        async (...args) => {
          await using ops = observer()
          const terminal = new PseudoTerminal([process.execPath, HOST, ...args], {
            ...process.env,
            ...env,
          })
          await terminal.shows('ready')
          const pid = (await ops.locks.inspect(LOCK))?.owner.pid ?? 0
          terminal.keys('\u0003')
          expect(await terminal.ended).toBe(130)
          await (await ops.locks.lock(LOCK)).release()
          await untilGone(pid)
          await expectEvents(ops, { exitCode: null })
          expect(await ops.registry.discover()).toEqual([])
        },
      )
    })
  },
)
