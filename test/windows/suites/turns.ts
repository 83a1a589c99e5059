// Who gets a lock, and when.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { locksIn, startLockActor } from '../parts/start-lock-actor.js'
import { temporaryFolder } from '../parts/temporary-folder.js'

test('three processes take turns, one at a time, with rising tokens', async (context) => {
  const home = temporaryFolder()
  const ROUNDS = 50
  const actors = await Promise.all([1, 2, 3].map(() => startLockActor(context, home)))
  const input = {
    resource: 'db',
    startNs: String(process.hrtime.bigint()),
    marker: join(home, 'marker'),
    rounds: ROUNDS,
  }
  const tokens = await Promise.all(actors.map((actor) => actor.call<string[]>('race', input)))
  for (const own of tokens)
    assert.deepEqual(
      own,
      own.toSorted((a, b) => Number(a) - Number(b)),
    )
  assert.equal(new Set(tokens.flat()).size, 3 * ROUNDS)
})

test('the lock of a terminated process passes to the waiter', async (context) => {
  const home = temporaryFolder()
  const [holder, waiter] = [
    await startLockActor(context, home),
    await startLockActor(context, home),
  ]
  await holder.call('lock', { resource: 'db' })
  const granted = waiter.call('lock', { resource: 'db' })
  const { owner } = await waiter.waits('db')
  assert.match(String(owner), new RegExp(`pid ${holder.pid}`, 'u'))
  await holder.kill()
  await granted
  assert.equal(await locksIn(context, home).tryLock('db'), null)
})

test('names that Windows reserves work as names of locks', async (context) => {
  const home = temporaryFolder()
  const locks = locksIn(context, home)
  for (const name of ['CON', 'nul.txt', 'a:b', 'trailing.', 'a/b\\c', 'A', 'a', '?*"<>|']) {
    const lock = await locks.lock(name)
    assert.equal(lock.resource, name)
    assert.equal(await locks.tryLock(name), null)
    await lock.release()
  }
  // Names that differ only in case are two locks, though the file system folds case.
  const upper = await locks.lock('Config')
  const lower = await locks.tryLock('config')
  assert.notEqual(lower, null)
  await Promise.all([upper.release(), lower?.release()])
})
