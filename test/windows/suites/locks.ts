// Locks that are kept, shared and left behind, and file locks.
import assert from 'node:assert/strict'
import { linkSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { locksIn, startLockActor } from '../parts/start-lock-actor.js'
import { temporaryFolder } from '../parts/temporary-folder.js'

test('a busy holder keeps its lock, and is named', async (context) => {
  const home = temporaryFolder()
  const holder = await startLockActor(context, home)
  const locks = locksIn(context, home)
  await holder.call('lock', { resource: 'db' })
  const blocked = holder.call('block', { ms: 1500 })
  await assert.rejects(locks.lock('db', { timeoutMs: 1000 }), { code: 'LOCK_TIMEOUT' })
  const info = await locks.inspect('db')
  assert.equal(info?.owner.pid, holder.pid)
  assert.equal(info?.owner.state, 'running')
  await blocked
  await holder.call('release', { as: 'db' })
  await (await locks.lock('db')).release()
})

test('sharers are inside together, a writer after the last of them was terminated', async (context) => {
  const home = temporaryFolder()
  const sharers = [await startLockActor(context, home), await startLockActor(context, home)]
  for (const sharer of sharers) await sharer.call('lock', { resource: 'db', mode: 'shared' })
  const locks = locksIn(context, home)
  assert.equal(await locks.tryLock('db'), null)
  const writer = locks.lock('db')
  for (const sharer of sharers) await sharer.kill()
  await (await writer).release()
  assert.deepEqual(await locks.list(), [])
})

test('a terminated waiter blocks no free lock, and clean leaves nothing of it', async (context) => {
  const home = temporaryFolder()
  const locks = locksIn(context, home)
  const held = await locks.lock('db')
  const waiter = await startLockActor(context, home)
  const waiting = waiter.call('lock', { resource: 'db' }).catch(() => undefined)
  await waiter.waits('db')
  await waiter.kill()
  await waiting
  await held.release()
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const lock = locks.tryLockSync('db')
    assert.notEqual(lock, null)
    lock?.releaseSync()
  }
  await locks.cleanStaleLocks()
  assert.deepEqual(await locks.list(), [])
})

test('lockFile is one lock by names that differ in case, by hard links, and for proper-lockfile', async (context) => {
  const home = temporaryFolder()
  const locks = locksIn(context, join(home, 'ops'))
  const file = join(home, 'Config.json')
  writeFileSync(file, '{}')
  linkSync(file, join(home, 'same.json'))
  const lock = await locks.lockFile(file)
  for (const name of ['config.json', 'CONFIG.JSON', 'same.json'])
    await assert.rejects(locks.lockFile(join(home, name), { timeoutMs: 0 }), { code: 'LOCK_HELD' })
  const { default: properLockfile } = await import('proper-lockfile')
  await assert.rejects(properLockfile.lock(file), { code: 'ELOCKED' })
  await lock.release()
  const unlock = await properLockfile.lock(file)
  await assert.rejects(locks.lockFile(file, { timeoutMs: 0 }), { code: 'LOCK_HELD' })
  const next = locks.lockFile(file)
  await unlock()
  await (await next).release()
  assert.deepEqual(
    readdirSync(home).filter((name) => name.endsWith('.lock')),
    [],
  )
})
