import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Lock, LockManager } from '@cli-ops/shared-ipc'
import { expect, test, vi } from 'vitest'

import { readStat } from '../../src/base/process/liveness.js'
import { LockActor } from '../fixtures/start-lock-actor.js'
import { holdersIn, namesIn, temporaryHome } from '../fixtures/temporary-home.js'

const SCRIPT = `
  import { createRequire } from 'node:module'
  const { blockForLock } = createRequire(process.argv[2])('@cli-ops/shared-ipc/command/parts')
  const [home, , timeoutMs, onBusy] = process.argv.slice(1)
  try {
    const connection = { home, namespace: '', urlOf: () => 'local:' }
    const lock = blockForLock(connection, { resource: 'db', timeoutMs: Number(timeoutMs), onBusy })
    process.stdout.write('inside')
    process.stdin.once('data', () => {
      lock.releaseSync()
      process.exit(0)
    })
  } catch (error) {
    process.stdout.write(error.code)
  }`

function startBlocking(home: string, timeoutMs = 60_000, onBusy = 'wait'): ChildProcess {
  const args = ['--input-type=module', '-e', SCRIPT, home, fileURLToPath(import.meta.url)]
  return spawn(process.execPath, [...args, String(timeoutMs), onBusy], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
}

function watchesFiles(pid: number): boolean {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).some((name) => targetOf(join(folder, name)) === 'anon_inode:inotify')
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    // Closed meanwhile.
    return undefined
  }
}

async function waitFor(home: string, tickets: number): Promise<void> {
  await vi.waitFor(() => expect(namesIn(home, 'queues', 'db')).toHaveLength(tickets), 20_000)
}

test('a blocked waiter gets its turn in order of arrival', async () => {
  const home = temporaryHome()
  const lock = await new LockManager({ home }).lock('db')
  const blocked = startBlocking(home)
  await waitFor(home, 1)
  const actor = await LockActor.start(home)
  const turn = actor.call('lock', { resource: 'db' }).then(() => 'second')
  await waitFor(home, 2)
  const inside = once(blocked.stdout!, 'data').then(([data]) => String(data))
  await lock.release()
  expect(await Promise.race([inside, turn])).toBe('inside')
  blocked.stdin!.write('go on')
  expect(await turn).toBe('second')
  await actor.end()
})

test.each(['released', 'left by a process that was killed'])(
  'a waiter that has been blocked for long gets a lock that is %s',
  async (how) => {
    const home = temporaryHome()
    const holder = await LockActor.start(home)
    await holder.call('lock', { resource: 'db' })
    const blocked = startBlocking(home)
    await waitFor(home, 1)
    // From then on a second thread watches for the blocked one.
    await vi.waitFor(() => expect(watchesFiles(blocked.pid!)).toBe(true), 20_000)
    const inside = once(blocked.stdout!, 'data').then(([data]) => String(data))
    if (how === 'released') await holder.call('release', { as: 'db' })
    else await holder.kill()
    expect(await inside).toBe('inside')
    blocked.stdin!.write('go on')
    expect(await once(blocked, 'exit')).toEqual([0, null])
  },
)

test('a blocked waiter that gives up or is killed blocks no other', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const lock = await locks.lock('db')
  const impatient = startBlocking(home, 50)
  expect(String((await once(impatient.stdout!, 'data'))[0])).toBe('LOCK_TIMEOUT')
  expect(namesIn(home, 'queues')).toEqual([])
  const killed = startBlocking(home)
  await waitFor(home, 1)
  const ended = once(killed, 'exit')
  // A blocked process cannot listen: the signal has its default effect.
  killed.kill('SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
  await lock.release()
  await (await locks.lock('db')).release()
  expect(holdersIn(home)).toEqual([])
})

test('a command that must not wait learns immediately that the lock is held', async () => {
  const home = temporaryHome()
  await using lock = await new LockManager({ home }).lock('db')
  const hasty = startBlocking(home, 60_000, 'fail')
  expect(String((await once(hasty.stdout!, 'data'))[0])).toBe('LOCK_HELD')
  expect(namesIn(home, 'queues')).toEqual([])
  lock.assertHeld()
})

const BLOCKED_COMMAND = fileURLToPath(new URL('fixtures/blocked-command.mjs', import.meta.url))

interface Interrupted {
  readonly home: string
  readonly lock: Lock
  readonly command: ChildProcess
  /** Its stdout, if that came before its end. */
  readonly said: string | undefined
}

/** Blocks a command behind a lock, sends it Ctrl-C once it says so, and waits until it answers or ends. */
async function interrupt(...args: string[]): Promise<Interrupted> {
  const home = temporaryHome()
  const lock = await new LockManager({ home }).lock('db')
  const command = spawn(process.execPath, [BLOCKED_COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CLI_OPS_HOME: home },
  })
  await once(command.stderr, 'data')
  const ended = once(command, 'exit').then(() => undefined)
  const said = once(command.stdout, 'data').then(([data]) => String(data))
  // It sleeps only in its pauses.
  while (readStat(`/proc/${command.pid}/stat`)?.state === 'R')
    await new Promise((resolve) => setImmediate(resolve))
  command.kill('SIGINT')
  return { home, lock, command, said: await Promise.race([said, ended]) }
}

/** Between two pauses a signal ends the process, so this can take several attempts. */
async function untilHeard<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let left = 10; left > 0; left -= 1) {
    const heard = await attempt()
    if (heard !== undefined) return heard
  }
  throw new Error('Ctrl-C was never heard')
}

test('Ctrl-C while a command is blocked ends it, and it then blocks no other', async () => {
  const { home, lock, command } = await interrupt()
  expect(command.signalCode).toBe('SIGINT')
  lock.assertHeld()
  await lock.release()
  await (await new LockManager({ home }).lock('db')).release()
})

test('Ctrl-C while a command is blocked reaches a host that listens, and then ends it', async () => {
  const { home, lock, command } = await untilHeard(async () => {
    const interrupted = await interrupt('stays')
    return interrupted.said === undefined ? undefined : interrupted
  })
  if (command.signalCode === null) await once(command, 'exit')
  expect(command.signalCode).toBe('SIGINT')
  await lock.release()
  await (await new LockManager({ home }).lock('db')).release()
})
