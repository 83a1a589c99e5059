import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

import { LockManager } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { temporaryHome } from '../fixtures/temporary-home.js'

function startChild(): ChildProcess {
  const child = spawn('sleep', ['60'])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

function managers(): [LockManager, LockManager] {
  const home = temporaryHome()
  const both = [new LockManager({ home }), new LockManager({ home })] as const
  onTestFinished(async () => {
    await Promise.all(both.map((locks) => locks.close()))
  })
  return [...both]
}

describe('a lock in the name of two processes', () => {
  test.each([
    ['the first', 0],
    ['the second', 1],
  ])('ends when the last of the two ends: %s dies first', async (_, first) => {
    const [locks, others] = managers()
    const both = [startChild(), startChild()]
    const [ownerPid, partnerPid] = both.map(({ pid }) => pid!)
    await locks.lock('db', { ownerPid, partnerPid })
    const dying = both[first]!
    dying.kill('SIGKILL')
    await once(dying, 'exit')
    const left = both[1 - first]!
    const next = others.lock('db')
    expect(await others.tryLock('db')).toBeNull()
    expect((await others.inspect('db'))?.owner).toMatchObject({ pid: left.pid, state: 'running' })
    left.kill('SIGKILL')
    await once(left, 'exit')
    await (await next).release()
  })

  test('is shared, waited for and released as any other', async () => {
    const [locks, others] = managers()
    const owners = { ownerPid: startChild().pid, partnerPid: process.pid }
    const first = await others.lock('db')
    const waiting = locks.lock('db', owners)
    await expect
      .poll(async () => (await others.inspect('db'))?.waiters.map(({ pid }) => pid))
      .toEqual([owners.ownerPid])
    await first.release()
    await (await waiting).release()
    expect(await others.inspect('db')).toBeNull()
    const shared = await locks.lock('db', { ...owners, mode: 'shared' })
    const together = await others.lock('db', { mode: 'shared' })
    expect((await others.inspect('db'))?.holders).toHaveLength(2)
    await shared.release()
    await together.release()
    expect(await others.inspect('db')).toBeNull()
  })

  test('is refused for a missing process, and for a single one', async () => {
    const [locks] = managers()
    const ownerPid = process.pid
    await expect(locks.lock('db', { ownerPid, partnerPid: 2 ** 22 + 1 })).rejects.toThrow(
      /^partnerPid must be the pid of a running process, got /u,
    )
    await expect(locks.lock('db', { partnerPid: ownerPid })).rejects.toThrow(
      /^partnerPid must be given together with ownerPid/u,
    )
  })
})

describe('a lock in the name of another process', () => {
  test('shows that process, and is released by the one that took it', async () => {
    const [locks, others] = managers()
    const child = startChild()
    const lock = await locks.lock('db', { ownerPid: child.pid! })
    expect((await others.inspect('db'))?.owner).toMatchObject({ pid: child.pid, state: 'running' })
    expect(await others.tryLock('db')).toBeNull()
    lock.assertHeld()
    await lock.release()
    expect(await others.inspect('db')).toBeNull()
  })

  test('ends with that process', async () => {
    const [locks, others] = managers()
    const child = startChild()
    await locks.lock('db', { ownerPid: child.pid! })
    const next = others.lock('db')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await next).release()
  })

  test('waits in its name too, so its ticket ends with it', async () => {
    const [locks, others] = managers()
    const first = await others.lock('db')
    const child = startChild()
    const abort = new AbortController()
    const waiting = locks.lock('db', { ownerPid: child.pid!, signal: abort.signal })
    await expect
      .poll(async () => (await others.inspect('db'))?.waiters.map(({ pid }) => pid))
      .toEqual([child.pid])
    child.kill('SIGKILL')
    await once(child, 'exit')
    const last = others.lock('db')
    await first.release()
    await (await last).release()
    abort.abort(new Error('enough'))
    await waiting.then(
      (lock) => lock.release(),
      () => undefined,
    )
  })

  test.each([0, -1, 1.5, '1', 2 ** 22 + 1])('is refused for %j', async (ownerPid) => {
    const [locks] = managers()
    await expect(locks.lock('db', { ownerPid: ownerPid as number })).rejects.toThrow(
      /^ownerPid must be the pid of a running process, got /u,
    )
    expect(await locks.list()).toEqual([])
  })
})
