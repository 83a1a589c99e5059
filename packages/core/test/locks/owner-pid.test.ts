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

describe('a lock in the name of another process', () => {
  test('shows that process, and is given back by the one who took it', async () => {
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

  test('waits in its name too, so that its ticket ends with it', async () => {
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
