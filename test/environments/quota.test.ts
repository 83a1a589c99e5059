import { LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { holdersIn, namesIn } from '../../packages/core/test/fixtures/temporary-home.js'
import { startActor } from './container.js'
import { giveBackQuota, homeWithQuota, useUpQuota } from './quota-disk.js'

const STORAGE_FAILED = {
  code: 'STORAGE_FAILED',
  message: expect.stringContaining('the disk quota is used up; free some space (EDQUOT)') as string,
}

describe('a home whose quota is used up', () => {
  test('lets a holder continue, reports that its lock cannot be released, and releases it once there is room', async (context) => {
    const home = homeWithQuota(context)
    const holder = await startActor(home, [])
    await holder.call('lock', { resource: 'db' })
    useUpQuota(home)
    expect(await holder.call('isHeld', { as: 'db' })).toBe(true)
    const other = await startActor(home, [])
    expect(await other.call('tryLock', { resource: 'db' })).toBeNull()
    // Releasing a lock renames its file, for which this file system needs room.
    await expect(holder.call('release', { as: 'db' })).rejects.toMatchObject(STORAGE_FAILED)
    expect(await holder.call('isHeld', { as: 'db' })).toBe(true)
    giveBackQuota(home)
    await holder.call('release', { as: 'db' })
    expect(holdersIn(home)).toEqual([])
    expect(await other.call('tryLock', { resource: 'db' })).not.toBeNull()
  })

  test('refuses to take a lock or to wait for one, and leaves nothing of either', async (context) => {
    const home = homeWithQuota(context)
    const holder = await startActor(home, [])
    await holder.call('lock', { resource: 'held' })
    useUpQuota(home)
    const other = await startActor(home, [])
    await expect(other.call('lock', { resource: 'free' })).rejects.toMatchObject(STORAGE_FAILED)
    await expect(other.call('tryLock', { resource: 'free' })).rejects.toMatchObject(STORAGE_FAILED)
    await expect(other.call('lock', { resource: 'held' })).rejects.toMatchObject(STORAGE_FAILED)
    giveBackQuota(home)
    expect(namesIn(home, 'queues').flatMap((queue) => namesIn(home, 'queues', queue))).toEqual([])
    expect(namesIn(home, 'claims')).toEqual([])
    for (const resource of ['free', 'held']) {
      if (resource === 'held') await holder.call('release', { as: 'held' })
      expect(await other.call('tryLock', { resource })).not.toBeNull()
    }
  })

  test('lets an earlier waiter have its turn once there is room again', async (context) => {
    const home = homeWithQuota(context)
    const holder = await startActor(home, [])
    const waiter = await startActor(home, [])
    await holder.call('lock', { resource: 'db' })
    const granted = waiter.call('lock', { resource: 'db' })
    await waiter.waits('db')
    useUpQuota(home)
    giveBackQuota(home)
    await holder.call('release', { as: 'db' })
    await granted
  })

  test('passes on the lock of a killed holder once there is room', async (context) => {
    const home = homeWithQuota(context)
    const holder = await startActor(home, [])
    await holder.call('lock', { resource: 'db' })
    useUpQuota(home)
    await holder.kill()
    const locks = new LockManager({ home })
    onTestFinished(() => locks.close())
    expect((await locks.inspect('db'))?.owner.state ?? 'dead').toBe('dead')
    giveBackQuota(home)
    await (await locks.lock('db')).release()
  })
})
