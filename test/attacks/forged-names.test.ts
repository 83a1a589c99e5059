import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createCoordinator, EventBus } from '@cli-ops/shared-ipc'
import { describe, expect, onTestFinished, test } from 'vitest'

import { LockActor } from '../../packages/core/test/fixtures/start-lock-actor.js'
import { namesIn, temporaryHome } from '../../packages/core/test/fixtures/temporary-home.js'
import {
  formatIdentity,
  ownIdentity,
} from '../../packages/core/src/base/process/process-identity.js'
import { removeFolder } from '../../packages/core/test/fixtures/remove-folder.mjs'

/** The identity of this machine's first process, which is alive, and of one that never existed. */
const LIVING = formatIdentity(ownIdentity())
const DEAD = formatIdentity({ ...ownIdentity(), pid: 4_194_303, tid: 4_194_303 })
const HUGE = '9'.repeat(31)

/** Names that a broken program, a backup or a person might leave in a home, and their directories. */
const FORGERIES: readonly (readonly [directory: string, name: string])[] = [
  ['locks', 'db.lock'],
  ['locks', 'junk'],
  ['locks/db.lock', 'junk'],
  ['locks/db.lock', '.DS_Store'],
  ['locks/db.lock', `free~${HUGE}`],
  ['locks/db.lock', 'free~-1'],
  ['locks/db.lock', 'free~0x10'],
  ['locks/db.lock', 'free~1~'],
  ['locks/db.lock', `held~1~id~${DEAD}`],
  ['locks/db.lock', `held~1~../../x~${DEAD}`],
  ['locks/db.lock', 'held~1~id~p1.t1.s1.b.n.m'],
  ['locks/db.lock', `sharer~id~${DEAD}`],
  ['queues', 'db'],
  ['queues/db', 'junk'],
  ['queues/db', `${'0'.repeat(20)}~x~id~${DEAD}`],
  ['claims', 'junk'],
  ['claims', `put~id~${DEAD}`],
  ['floor', 'junk'],
  ['floor', HUGE],
  ['registry', 'junk'],
  ['registry', `service~0123456789ab~${DEAD}.json`],
  ['registry', `service~0123456789ab~${LIVING}.json`],
  ['registry', `..%2F~0123456789ab~${DEAD}.json`],
  ['events', 'junk'],
  ['events', '99999999999999999999.ndjson'],
  ['events', '0.ndjson'],
  ['groups', 'g.json'],
  ['groups', 'junk.json.new'],
]

const KINDS = ['a file', 'a directory', 'a symbolic link'] as const

function plant(home: string, path: string, kind: (typeof KINDS)[number], elsewhere: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  removeFolder(path)
  if (kind === 'a file') writeFileSync(path, '{"name":"forged","cursor":"1:-5"}\n\0\u00ff')
  else if (kind === 'a directory') mkdirSync(path, { mode: 0o700 })
  else symlinkSync(elsewhere, path)
}

describe.each(FORGERIES)('in %s, the name %j', (directory, name) => {
  test.each(KINDS)('as %s, blocks nobody or is named, and leads nowhere', async (kind) => {
    const home = temporaryHome()
    const elsewhere = temporaryHome()
    writeFileSync(join(elsewhere, 'precious'), 'untouched')
    const path = join(home, ...directory.split('/'), name)
    plant(home, path, kind, elsewhere)
    const ops = createCoordinator({ name: 'test', home })
    const events = new EventBus({ home, rateLimit: false })
    onTestFinished(async () => {
      await Promise.all([ops.close(), events.close()])
    })

    const attempts: Record<string, () => Promise<unknown>> = {
      lock: () => ops.locks.acquire('db', () => 'ran', { timeoutMs: 400 }),
      share: () => ops.locks.acquire('db', () => 'ran', { timeoutMs: 400, mode: 'shared' }),
      list: () => ops.locks.list(),
      emit: () => events.emit('some:event', { n: 1 }),
      read: () => events.read('*', { from: 'earliest' }),
      group: async () => {
        const group = events.on('*', () => undefined, { group: 'g', from: 'earliest' })
        await group.ready
        group.unsubscribe()
      },
      register: () => ops.registry.register('service'),
      discover: () => ops.registry.discover(),
      unregister: () => ops.registry.unregister('service'),
      cleanLocks: () => ops.locks.cleanStaleLocks(),
      cleanRegistry: () => ops.registry.cleanDeadProcesses(),
      cleanEvents: () => events.cleanOldEvents(),
    }
    for (const [what, act] of Object.entries(attempts)) {
      const error = await act().then(
        () => undefined,
        (reason: unknown) => reason as Error & { code?: string },
      )
      // A process that cannot be judged is waited for.
      if (error === undefined || error.code === 'LOCK_TIMEOUT') continue
      // The kit's error names what is in the way.
      expect([what, error.name, error.message]).toEqual([
        what,
        'CliOpsError',
        expect.stringContaining(home),
      ])
    }
    // Other resources are never affected.
    if (directory !== 'floor') expect(await ops.locks.acquire('other', () => 'ran')).toBe('ran')
    expect(readdirSync(elsewhere)).toEqual(['precious'])
    expect(readFileSync(join(elsewhere, 'precious'), 'utf8')).toBe('untouched')
  })
})

test('a name with a living process’s identity is believed, whatever wrote it, and one with a dead one’s is not', async () => {
  const home = temporaryHome()
  const actor = await LockActor.start(home)
  onTestFinished(() => actor.kill())
  await actor.call('lock', { resource: 'db' })
  const [held] = namesIn(home, 'locks', 'db.lock')
  await actor.call('release', { as: 'db' })
  const [free] = namesIn(home, 'locks', 'db.lock')
  // A copy of an old name beside the state, as a restored backup leaves it.
  writeFileSync(join(home, 'locks', 'db.lock', held!), '')
  const ops = createCoordinator({ name: 'test', home })
  onTestFinished(() => ops.close())
  expect(free).toBeDefined()
  expect(await ops.locks.tryLock('db')).toBeNull()
  await actor.kill()
  await using lock = await ops.locks.lock('db', { timeoutMs: 5000 })
  lock.assertHeld()
})
