import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import type { LockActor } from '../../packages/core/test/fixtures/start-lock-actor.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { inContainer, noContainers, startActor } from '../environments/container.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'

const TRIES = scale(400, 10_000)

/** Shows no facts about a process, so that nobody can tell whether it has died. */
const HIDDEN = inContainer('mount -t tmpfs none /proc')

/** A waiter that is not going to take the lock. */
interface Ghost {
  readonly kind: string
  readonly within: readonly string[]
  readonly become: (waiter: LockActor) => Promise<void>
}

const elsewhere: Ghost = {
  kind: 'killed elsewhere',
  within: HIDDEN,
  become: (waiter) => waiter.kill(),
}
const ghosts: readonly Ghost[] = [
  { kind: 'killed', within: [], become: (waiter) => waiter.kill() },
  {
    kind: 'stopped',
    within: [],
    become: async (waiter) => {
      waiter.signal('SIGSTOP')
      await expect.poll(() => readFileSync(`/proc/${waiter.pid}/stat`, 'utf8')).toContain(') T ')
    },
  },
  {
    kind: 'blocked',
    within: [],
    become: async (waiter) => {
      void waiter.call('block', { ms: 4000 }).catch(() => undefined)
      // Its thread hears the next message no more.
      await expect.poll(() => isAsleep(waiter.pid)).toBe(true)
    },
  },
  ...(noContainers === undefined ? [elsewhere] : []),
]

/** Tells whether the main thread waits for a futex, as Atomics.wait makes it, and not for events. */
function isAsleep(pid: number): boolean {
  const { stdout } = spawnSync('cat', [`/proc/${pid}/wchan`], { encoding: 'utf8' })
  return stdout.includes('futex')
}

/** Takes the free lock again and again; every refusal is one too many. */
function refusals(locks: LockManager, resource: string): number {
  let refused = 0
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const lock = locks.tryLockSync(resource)
    if (lock === null) refused += 1
    else lock.releaseSync()
  }
  return refused
}

test.each(ghosts)(
  'a free lock is had in every try, with a waiter that was $kind',
  async ({ kind, within, become }) => {
    const home = temporaryHome()
    const locks = new LockManager({ home })
    onTestFinished(() => locks.close())
    const held = await locks.lock('db')
    const waiter = await startActor(home, within)
    const waiting = waiter.call('lock', { resource: 'db' }).catch(() => undefined)
    await waiter.waits('db')
    await become(waiter)
    await held.release()
    // One that is known to run has a moment to take it.
    if (kind === 'blocked') {
      await expect
        .poll(
          async () => {
            const lock = await locks.tryLock('db')
            await lock?.release()
            return lock !== null
          },
          { timeout: 60_000, interval: 1100 },
        )
        .toBe(true)
    }
    const refused = refusals(locks, 'db')
    recordFigure({
      what: `a free lock refused in ${TRIES} tries, with a waiter that was ${kind}`,
      goal: '0',
      found: String(refused),
      met: refused === 0,
    })
    expect(refused).toBe(0)
    if (kind !== 'blocked' && kind !== 'stopped') return
    // Its place counts again once it goes on.
    waiter.signal('SIGCONT')
    await waiting
    expect(await locks.isLocked('db')).toBe(true)
  },
)

test('a wait that failed on a full disk leaves no ticket, and the lock is had in every try', async (context) => {
  const home = temporaryHome()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'none', home])
  context.skip(mounted.status !== 0, 'no file system can be mounted here')
  onTestFinished(() => void spawnSync('umount', ['-l', home]))
  const locks = new LockManager({ home })
  onTestFinished(() => locks.close())
  const held = await locks.lock('db')
  const waiter = await startActor(home, [])
  expect(() => {
    for (let file = 0; ; file += 1) writeFileSync(join(home, `full-${file}`), Buffer.alloc(4096))
  }).toThrow('ENOSPC')
  await expect(waiter.call('lock', { resource: 'db' })).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
  })
  expect(namesIn(home, 'queues', 'db')).toEqual([])
  await held.release()
  expect(refusals(locks, 'db')).toBe(0)
})
