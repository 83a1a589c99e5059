import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import { LockActor } from '../fixtures/start-lock-actor.js'
import { holdersIn, temporaryHome } from '../fixtures/temporary-home.js'

const SCRIPT = `
  import { createRequire } from 'node:module'
  const { blockForLock } = createRequire(process.argv[2])('@cli-ops/shared-ipc/command/parts')
  const [home, , timeoutMs] = process.argv.slice(1)
  try {
    const connection = { home, namespace: '', urlOf: () => 'local:' }
    const rule = { resource: 'devices', slots: ['a', 'b'], timeoutMs: Number(timeoutMs) }
    const lock = blockForLock(connection, rule)
    process.stdout.write(lock.slot)
    process.stdin.once('data', () => {
      lock.releaseSync()
      process.exit(0)
    })
  } catch (error) {
    process.stdout.write(error.code)
  }`

function startBlocking(home: string, timeoutMs = 60_000): ChildProcess {
  const args = ['--input-type=module', '-e', SCRIPT, home, fileURLToPath(import.meta.url)]
  const child = spawn(process.execPath, [...args, String(timeoutMs)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function said(child: ChildProcess): Promise<string> {
  return String((await once(child.stdout!, 'data'))[0])
}

const POOL = { slots: ['a', 'b'] } as const

async function waiting(locks: LockManager, count: number): Promise<void> {
  await expect.poll(async () => (await locks.inspect('devices'))?.waiting.length).toBe(count)
}

test('a blocked waiter gets the first slot that becomes free, in order of arrival', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const [, b] = [await locks.lock('devices', POOL), await locks.lock('devices', POOL)]
  const blocked = startBlocking(home)
  const slot = said(blocked)
  await waiting(locks, 1)
  const actor = await LockActor.start(home)
  const turn = actor.call<{ slot: string }>('lock', { resource: 'devices', ...POOL })
  await waiting(locks, 2)
  await b.release()
  expect(await slot).toBe('b')
  blocked.stdin!.write('go on')
  expect((await turn).slot).toBe('b')
  await actor.end()
})

test('a blocked waiter that gives up or is killed blocks no other, and one that finds a free slot takes it', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const [a, b] = [await locks.lock('devices', POOL), await locks.lock('devices', POOL)]
  expect(await said(startBlocking(home, 50))).toBe('LOCK_TIMEOUT')
  await expect.poll(async () => (await locks.inspect('devices'))?.waiting).toEqual([])
  const killed = startBlocking(home)
  await waiting(locks, 1)
  const ended = once(killed, 'exit')
  killed.kill('SIGKILL')
  await ended
  await a.release()
  expect(await said(startBlocking(home))).toBe('a')
  await b.release()
  expect(holdersIn(home).length).toBe(1)
})
