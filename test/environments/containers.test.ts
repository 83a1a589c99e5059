import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

import { EventBus, LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'
import {
  childrenOf,
  inContainer,
  noContainers,
  startActor,
  startOtherContainer,
} from './container.js'

const CLI = join(root, 'packages/cli/dist/main.js')
const isInitial =
  process.platform === 'linux' && readlinkSync('/proc/self/ns/pid') === 'pid:[4026531836]'

/** The example participant, which runs a command under the lock, in a container. */
function startPython(home: string, command: string): ChildProcess {
  const [file = '', ...args] = inContainer()
  const program = ['python3', join(root, 'examples/python/cli_ops.py'), 'lock', 'db', '--']
  const child = spawn(file, [...args, ...program, 'sh', '-c', command], {
    env: { ...process.env, CLI_OPS_HOME: home },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

function locksIn(home: string): LockManager {
  const locks = new LockManager({ home })
  onTestFinished(() => locks.close())
  return locks
}

describe.skipIf(noContainers !== undefined)(
  `containers that share a home (${noContainers ?? 'all'})`,
  () => {
    test.each([false, true])(
      'the lock of a killed container is free for the next one; another namespace in between: %s',
      async (isOther) => {
        const home = temporaryHome()
        const killed = await startActor(home)
        await killed.call('lock', { resource: 'db' })
        await killed.kill()
        if (isOther) startOtherContainer()
        const next = await startActor(home)
        expect(await next.call('tryLock', { resource: 'db' })).not.toBeNull()
      },
    )

    test('a waiter in another container has the lock of a killed one', async () => {
      const home = temporaryHome()
      const killed = await startActor(home)
      const waiter = await startActor(home)
      await killed.call('lock', { resource: 'db' })
      const granted = waiter.call('lock', { resource: 'db' })
      await waiter.waits('db')
      await killed.kill()
      await granted
    })

    test('a holder that works, is busy or is stopped is not robbed by another container', async () => {
      const home = temporaryHome()
      const holder = await startActor(home)
      const other = await startActor(home)
      await holder.call('lock', { resource: 'db' })
      expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
      const blocked = holder.call('block', { ms: 1500 })
      expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
      await blocked
      const [pid] = childrenOf(holder.pid)
      process.kill(pid!, 'SIGSTOP')
      // Longer than an answer is believed without asking again.
      await expect(other.call('lock', { resource: 'db', timeoutMs: 1000 })).rejects.toMatchObject({
        code: 'LOCK_TIMEOUT',
      })
      process.kill(pid!, 'SIGCONT')
      expect(await holder.call('isHeld', { as: 'db' })).toBe(true)
    })

    test.runIf(isInitial)('the host knows by its own process table', async () => {
      const home = temporaryHome()
      const locks = locksIn(home)
      const holder = await startActor(home)
      await holder.call('lock', { resource: 'db' })
      // Without the socket: a participant that is not of the kit leaves none.
      for (const name of namesIn(home, 'liveness')) unlinkSync(join(home, 'liveness', name))
      expect((await locks.inspect('db'))?.owner.state).toBe('running')
      const [pid] = childrenOf(holder.pid)
      process.kill(pid!, 'SIGSTOP')
      await expect.poll(async () => (await locks.inspect('db'))?.owner.state).toBe('stopped')
      await holder.kill()
      await (await locks.lock('db', { timeoutMs: 60_000 })).release()
    })

    test.each([
      ['a program', ''],
      [
        'one that closes all it was given',
        'for fd in 3 4 5 6 7 8 9; do eval "exec $fd>&-"; done; ',
      ],
    ])(
      '%s under cli-ops run keeps its lock when the wrapper is killed, and gives it up with its end',
      async (_, closing) => {
        const home = temporaryHome()
        const other = await startActor(home)
        const [file = '', ...args] = inContainer()
        // The first process of the container lives on without the wrapper.
        const script = `${process.execPath} ${CLI} run --lock db -- sh -c '${closing}exec sleep 60' & wait; sleep 60`
        const container = spawn(file, [...args, 'sh', '-c', script], {
          env: { ...process.env, CLI_OPS_HOME: home },
          stdio: 'ignore',
        })
        onTestFinished(() => void container.kill('SIGKILL'))
        await expect
          .poll(() => namesIn(home, 'locks', 'db.lock').join(), { timeout: 60_000 })
          .toMatch(/^held/u)
        const [shell] = childrenOf(container.pid!)
        const [wrapper] = childrenOf(shell!)
        const [program] = childrenOf(wrapper!)
        await expect
          .poll(() => readFileSync(`/proc/${program}/comm`, 'utf8').trim(), { timeout: 60_000 })
          .toBe('sleep')
        process.kill(wrapper!, 'SIGKILL')
        await expect(other.call('lock', { resource: 'db', timeoutMs: 1000 })).rejects.toMatchObject(
          {
            code: 'LOCK_TIMEOUT',
          },
        )
        process.kill(program!, 'SIGKILL')
        await other.call('lock', { resource: 'db' })
      },
    )

    test('a participant in another language leaves the same proof, and asks for it', async () => {
      const home = temporaryHome()
      const kit = await startActor(home)
      await kit.call('lock', { resource: 'db' })
      const python = startPython(home, 'true')
      const ended = once(python, 'exit')
      await kit.kill()
      expect(await ended).toEqual([0, null])
      const holder = startPython(home, 'sleep 60')
      const held = () => namesIn(home, 'locks', 'db.lock').join()
      await expect.poll(held, { timeout: 60_000 }).toMatch(/^held/u)
      const next = await startActor(home)
      expect(await next.call('tryLock', { resource: 'db' })).toBeNull()
      holder.kill('SIGKILL')
      await next.call('lock', { resource: 'db' })
    })

    test('what is left of a killed container goes with its lock', async () => {
      const home = temporaryHome()
      const [killed, other] = [await startActor(home), await startActor(home)]
      await killed.call('lock', { resource: 'db' })
      await killed.kill()
      expect(namesIn(home, 'liveness')).toHaveLength(1)
      expect(await other.call('clean')).toEqual(['db'])
      expect(namesIn(home, 'liveness')).toEqual([])
    })

    test.runIf(isInitial)(
      'a holder that cannot be judged is called unknown, without a pid of elsewhere',
      async () => {
        const home = temporaryHome()
        const holder = await startActor(home, [])
        const waiter = await startActor(home)
        await holder.call('lock', { resource: 'db' })
        const granted = waiter.call('lock', { resource: 'db' })
        const { owner } = await waiter.waits('db')
        expect(owner).toMatch(/^lock-actor \([^(]*@[^(]*, unknown\)$/u)
        expect(owner).toContain(hostname())
        await holder.call('release', { as: 'db' })
        await granted
      },
    )

    test('a process that ends in order leaves no socket', async () => {
      const home = temporaryHome()
      const actor = await startActor(home)
      await actor.call('lock', { resource: 'db' })
      expect(namesIn(home, 'liveness')).toHaveLength(1)
      const ended = once(actor.process, 'exit')
      actor.process.disconnect()
      await ended
      expect(namesIn(home, 'liveness')).toEqual([])
    })

    test.runIf(isInitial)('a process of the initial namespace leaves none at all', async () => {
      const home = temporaryHome()
      await (await locksIn(home).lock('db')).release()
      expect(namesIn(home)).not.toContain('liveness')
    })
  },
)

describe.skipIf(noContainers !== undefined)(
  `facts that are hidden or shared (${noContainers ?? 'all'})`,
  () => {
    test('two processes without a process table do not rob each other', async () => {
      const home = temporaryHome()
      const hidden = inContainer('mount -t tmpfs none /proc')
      const [holder, other] = [await startActor(home, hidden), await startActor(home, hidden)]
      await holder.call('lock', { resource: 'db' })
      expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
      expect(namesIn(home, 'locks', 'db.lock').join()).toMatch(/\.b\.n\./u)
    })

    test('the ticket of a waiter that was killed is named by doctor and removed by clean', async () => {
      const home = temporaryHome()
      const locks = locksIn(home)
      const held = await locks.lock('db')
      const waiter = await startActor(home, inContainer('mount -t tmpfs none /proc'))
      const waiting = waiter.call('lock', { resource: 'db' }).catch(() => undefined)
      await waiter.waits('db')
      await waiter.kill()
      await waiting
      await held.release()
      const report = spawnSync(process.execPath, [CLI, 'doctor'], {
        env: { ...process.env, CLI_OPS_HOME: home },
        encoding: 'utf8',
      }).stdout
      expect(report).toMatch(
        /warn +locks: "db" is free, but still has waiters: lock-actor \(.*unknown\)/u,
      )
      await expect
        .poll(async () => {
          await locks.cleanStaleLocks()
          return namesIn(home, 'queues', 'db')
        })
        .toEqual([])
    })

    test('two boots on one machine id are two living kernels, as in a virtual machine', async () => {
      const home = temporaryHome()
      const file = join(temporaryHome(), 'boot_id')
      writeFileSync(file, '01234567-89ab-4cde-8f01-23456789abcd\n')
      const boots = inContainer(`mount --bind ${file} /proc/sys/kernel/random/boot_id`)
      const holder = await startActor(home, boots)
      await holder.call('lock', { resource: 'db' })
      expect(namesIn(home, 'locks', 'db.lock').join()).toContain('.b0123456789ab.')
      const other = await startActor(home, [])
      expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
    })
  },
)

describe('the permission model of Node', () => {
  const optionsFor = (home: string) => {
    const flag =
      Number(process.versions.node.split('.')[0]) < 22
        ? '--experimental-permission'
        : '--permission'
    const allowed = [
      `--allow-fs-read=${root}`,
      `--allow-fs-read=${home}`,
      `--allow-fs-write=${home}`,
    ]
    return [flag, ...allowed, '--no-warnings']
  }

  test('two processes that may not read the process table do not rob each other', async () => {
    const home = temporaryHome()
    const node = ['env', `NODE_OPTIONS=${optionsFor(home).join(' ')}`]
    const holder = await startActor(home, node)
    const other = await startActor(home, node)
    await holder.call('lock', { resource: 'db' })
    expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
  })

  test('a durable event is refused and not stored, since Node syncs no file there', async () => {
    const home = temporaryHome()
    const script = `
      import { EventBus } from '@cli-ops/shared-ipc'
      const bus = new EventBus({ home: ${JSON.stringify(home)} })
      const failed = await bus.emit('task:lost', {}, { durable: true }).catch((error) => error)
      await bus.emit('task:kept', {})
      console.log(failed.code, failed.message)`
    const args = [...optionsFor(home), '--input-type=module', '-e', script]
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    expect(stdout).toMatch(/^UNSUPPORTED events cannot be durable here: under --permission/u)
    const bus = new EventBus({ home })
    onTestFinished(() => bus.close())
    const first = await bus.subscribe('*', { from: 'earliest' })[Symbol.asyncIterator]().next()
    expect(first).toMatchObject({ value: { type: 'task:kept' } })
  })
})
