import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { LockManager } from '@cli-ops/shared-ipc'
import { expect, onTestFinished, test } from 'vitest'

import type { LockActor } from '../../packages/core/test/fixtures/start-lock-actor.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import { root } from '../../scripts/workspaces.mjs'
import { inContainer, noContainers, startActor } from '../environments/container.js'
import { recordFigure } from './record-figure.js'
import { scale } from './scale.js'

const TRIES = scale(400, 10_000)
/** Each is a separate process. */
const RUNS = scale(2, 100)
const RULES = fileURLToPath(new URL('scripts/try-rule.mjs', import.meta.url))
const CLI = join(root, 'packages/cli/dist/main.js')

/** Hides the facts about a process, so that others cannot tell whether it has died. */
const HIDDEN = inContainer('mount -t tmpfs none /proc')

/** A waiter that will not take the lock. */
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
      // Its thread no longer hears the next message.
      await expect.poll(() => isAsleep(waiter.pid)).toBe(true)
    },
  },
  ...(noContainers === undefined ? [elsewhere] : []),
]

/** Returns whether the main thread waits for a futex, as Atomics.wait makes it, and not for events. */
function isAsleep(pid: number): boolean {
  const { stdout } = spawnSync('cat', [`/proc/${pid}/wchan`], { encoding: 'utf8' })
  return stdout.includes('futex')
}

/** Takes the free lock repeatedly; every refusal is one too many. */
function refusals(locks: LockManager, resource: string): number {
  let refused = 0
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const lock = locks.tryLockSync(resource)
    if (lock === null) refused += 1
    else lock.releaseSync()
  }
  return refused
}

/** The ways to try a lock without waiting; each returns how often it was refused. */
const WAYS: readonly { way: string; tries: number; refusals: (home: string) => Promise<number> }[] =
  [
    {
      way: '`lock()` with `timeoutMs: 0`',
      tries: TRIES,
      async refusals(home) {
        await using locks = new LockManager({ home })
        let refused = 0
        for (let attempt = 0; attempt < TRIES; attempt += 1)
          await locks
            .lock('db', { timeoutMs: 0 })
            .then((lock) => lock.release())
            .catch(() => (refused += 1))
        return refused
      },
    },
    ...['fail', 'skip'].map((onBusy) => ({
      way: `a rule with \`onBusy: '${onBusy}'\``,
      tries: TRIES,
      refusals: (home: string) => {
        const lock = JSON.stringify({ resource: 'db', onBusy })
        return Promise.resolve(Number(run(home, [RULES, lock, String(TRIES)]).stdout))
      },
    })),
    {
      way: '`cli-ops run --no-wait`',
      tries: RUNS,
      refusals: (home) => {
        const args = [CLI, 'run', '--lock', 'db', '--no-wait', '--', 'true']
        const ends = Array.from({ length: RUNS }, () => run(home, args).status)
        return Promise.resolve(ends.filter((status) => status !== 0).length)
      },
    },
  ]

function run(home: string, args: readonly string[]) {
  const env = { ...process.env, CLI_OPS_HOME: home }
  return spawnSync(process.execPath, args, { env, encoding: 'utf8' })
}

test.each(ghosts)(
  'every try takes a free lock, with a waiter that was $kind',
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
    // A waiter known to run has a moment to take it.
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
    // It is blocked for some seconds only.
    for (const { way, tries, refusals: count } of kind === 'blocked' ? [] : WAYS) {
      const refusedThere = await count(home)
      recordFigure({
        what: `a free lock refused in ${tries} tries by ${way}, with a waiter that was ${kind}`,
        goal: '0',
        found: String(refusedThere),
        met: refusedThere === 0,
      })
      expect({ way, refused: refusedThere }).toEqual({ way, refused: 0 })
    }
    if (kind !== 'blocked' && kind !== 'stopped') return
    // Its queue position counts again once it continues.
    waiter.signal('SIGCONT')
    await waiting
    expect(await locks.isLocked('db')).toBe(true)
  },
)

test('a wait that failed on a full disk leaves no ticket, and every try takes the lock', async (context) => {
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
