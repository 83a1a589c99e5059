import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { watchEnd } from '../../../src/base/process/life-file.js'
import { identityOf } from '../../../src/base/process/identity-of.js'
import { nodeFileSystem } from '../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../src/drivers/local/home/home.js'
import { systemClock } from '../../../src/drivers/local/locks/clock.js'
import { createLocalLocks } from '../../../src/drivers/local/locks/local-locks.js'
import { realSurroundings } from '../../../src/drivers/local/locks/real-surroundings.js'
import { LockActor } from '../../fixtures/start-lock-actor.js'
import { temporaryHome } from '../../fixtures/temporary-home.js'

/** Starts a process that holds the lock `db` of a home. */
async function holderOf(home: string): Promise<ChildProcess> {
  const actor = await LockActor.start(home)
  onTestFinished(() => actor.kill())
  await actor.call('tryLock', { resource: 'db' })
  return actor.process
}

describe.skipIf(!existsSync('/proc/self/fd'))('the end of a process', () => {
  test('is noticed, however the process ends', async () => {
    const child = await holderOf(temporaryHome())
    const heard = new Promise<void>((resolve) => {
      expect(watchEnd(identityOf(child.pid ?? 0), resolve)).toBeDefined()
    })
    child.kill('SIGKILL')
    await heard
  })

  test('is not promised if nothing reports it', async () => {
    const child = await holderOf(temporaryHome())
    const identity = identityOf(child.pid ?? 0)
    const noop = (): void => undefined
    expect(watchEnd(identityOf(process.ppid), noop)).toBeUndefined()
    expect(watchEnd({ ...identity, tid: identity.tid + 1 }, noop)).toBeUndefined()
    expect(watchEnd({ ...identity, pidNamespace: '1' }, noop)).toBeUndefined()
    expect(watchEnd({ ...identity, boot: '' }, noop)).toBeUndefined()
  })

  test('passes its lock to a waiter that does not poll', async () => {
    const root = temporaryHome()
    const child = await holderOf(root)
    let isAlive = true
    let watched = (): void => undefined
    const isWatched = new Promise<void>((resolve) => {
      watched = resolve
    })
    const home = new Home(root, '', nodeFileSystem)
    const surroundings = realSurroundings(home)
    let polls = 0
    const locks = createLocalLocks(home, {
      ...surroundings,
      clock: {
        ...systemClock,
        // The first poll begins to watch.
        startTimer: (...timer) =>
          isAlive && polls++ > 0 ? () => undefined : systemClock.startTimer(...timer),
      },
      watchEnd: (...watch) => {
        watched()
        return surroundings.watchEnd?.(...watch)
      },
    })
    const { signal } = new AbortController()
    const waiting = new Promise<void>((resolve) => {
      const request = { resource: 'db', mode: 'exclusive', id: 'next', held: [] } as const
      const grant = Promise.resolve(locks.acquire(request, { signal, onWait: () => resolve() }))
      onTestFinished(async () => {
        await (await grant).release()
      })
    })
    await waiting
    await isWatched
    isAlive = false
    child.kill('SIGKILL')
    await expect.poll(async () => (await locks.inspect('db'))?.owner.pid).toBe(process.pid)
  })
})
