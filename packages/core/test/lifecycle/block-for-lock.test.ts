import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { LockManager } from '@cli-ops/shared-ipc'
import { expect, test, vi } from 'vitest'

import { LockActor } from '../fixtures/start-lock-actor.js'
import { holdersIn, namesIn, temporaryHome } from '../fixtures/temporary-home.js'

const SCRIPT = `
  import { createRequire } from 'node:module'
  const { blockForLock } = createRequire(process.argv[2])('@cli-ops/shared-ipc/lifecycle/parts')
  const [home, , timeoutMs] = process.argv.slice(1)
  try {
    const lock = blockForLock({ home, namespace: '' }, { resource: 'db', timeoutMs: Number(timeoutMs) })
    process.stdout.write('inside')
    process.stdin.once('data', () => {
      lock.releaseSync()
      process.exit(0)
    })
  } catch (error) {
    process.stdout.write(error.code)
  }`

function startBlocking(home: string, timeoutMs = 60_000): ChildProcess {
  const args = ['--input-type=module', '-e', SCRIPT, home, fileURLToPath(import.meta.url)]
  return spawn(process.execPath, [...args, String(timeoutMs)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
}

async function waitFor(home: string, tickets: number): Promise<void> {
  await vi.waitFor(() => expect(namesIn(home, 'queues', 'db')).toHaveLength(tickets), 20_000)
}

test('a blocked waiter has its turn in the order of arrival', async () => {
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
  await actor.kill()
})

test('a blocked waiter that gives up or is killed holds nobody up', async () => {
  const home = temporaryHome()
  const locks = new LockManager({ home })
  const lock = await locks.lock('db')
  const impatient = startBlocking(home, 50)
  expect(String((await once(impatient.stdout!, 'data'))[0])).toBe('LOCK_TIMEOUT')
  expect(namesIn(home, 'queues')).toEqual([])
  const killed = startBlocking(home)
  await waitFor(home, 1)
  const ended = once(killed, 'exit')
  // Blocked as it is, it cannot listen: the signal does what it does to any process.
  killed.kill('SIGTERM')
  expect(await ended).toEqual([null, 'SIGTERM'])
  await lock.release()
  await (await locks.lock('db')).release()
  expect(holdersIn(home)).toEqual([])
})
