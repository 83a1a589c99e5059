import { mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type FileSystem, nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import type { LockDriver, LockGrant } from '../../../../src/locks/contract/lock-driver.js'
import type { LockMode } from '../../../../src/locks/contract/lock-types.js'
import { monotonicMs } from '../../../../src/base/process/monotonic-time.js'
import { formatIdentity, ownIdentity } from '../../../../src/base/process/process-identity.js'
import { holdersIn, namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'

/** Returns a driver on a faulty file system. */
function locksOn(root: string, faults: Partial<FileSystem> = {}): LockDriver {
  return createLocalLocks(new Home(root, '', { ...nodeFileSystem, ...faults }))
}

let ids = 0
function request(mode: LockMode = 'exclusive', resource = 'db') {
  ids += 1
  return { resource, mode, id: `id-${ids}`, held: [] }
}

function take(locks: LockDriver, mode?: LockMode): LockGrant | null {
  return locks.tryAcquireSync!(request(mode))
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

describe('NFS repeats a request whose answer was lost', () => {
  test('a sharer whose own file is reported as existing has already created it', () => {
    const root = temporaryHome()
    const locks = locksOn(root, {
      createFile: (path, content) => {
        nodeFileSystem.createFile(path, content)
        if (path.includes('sharer~')) throw failure('EEXIST')
      },
    })
    const grant = take(locks, 'shared')
    expect(grant?.isHeld()).toBe(true)
    expect(take(locksOn(root))).toBeNull()
    grant!.releaseSync!()
    expect(take(locksOn(root))).not.toBeNull()
  })

  test('a lock is held if its name is there, even if the step was reported as impossible', () => {
    const root = temporaryHome()
    const locks = locksOn(root, {
      rename: (from, to) => {
        nodeFileSystem.rename(from, to)
        if (to.includes('held~')) throw failure('ENOENT')
      },
    })
    expect(take(locks)?.isHeld()).toBe(true)
    expect(take(locksOn(root))).toBeNull()
  })

  test.each(['exclusive', 'shared'] as const)(
    'waits for what it keeps of a removed file, and then recreates the lock (%s)',
    (mode) => {
      const root = temporaryHome()
      const place = join(root, 'locks', 'db.lock')
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, '.nfs000000000001'), '')
      const locks = locksOn(root)
      expect(take(locks, mode)).toBeNull()
      unlinkSync(join(place, '.nfs000000000001'))
      expect(take(locks, mode)?.isHeld()).toBe(true)
    },
  )
})

describe('a disk that is full when the holder is described', () => {
  const full = (before: (entry: string) => void): Partial<FileSystem> => ({
    overwrite: (entry) => {
      before(entry)
      throw failure('ENOSPC')
    },
  })

  test('costs nobody the lock', () => {
    const root = temporaryHome()
    expect(
      take(
        locksOn(
          root,
          full(() => undefined),
        ),
      )?.isHeld(),
    ).toBe(true)
    expect(take(locksOn(root))).toBeNull()
  })

  test('gives no lock that was taken by force meanwhile', () => {
    const root = temporaryHome()
    const others = locksOn(root)
    const forced = full(() => expect(others.forceRelease('db', `id-${ids}`)).toBe(true))
    expect(take(locksOn(root, forced))).toBeNull()
    expect(take(others)?.isHeld()).toBe(true)
  })
})

describe('a waiter', () => {
  test('whose queue is removed just before it creates its ticket creates it again', async () => {
    const root = temporaryHome()
    const holder = take(locksOn(root))
    let removed = false
    const locks = locksOn(root, {
      createFile: (path, content) => {
        if (path.includes('queues') && !removed) {
          removed = true
          rmdirSync(dirname(path))
        }
        nodeFileSystem.createFile(path, content)
      },
    })
    const waiting = locks.acquire(request(), { signal: AbortSignal.timeout(20_000) })
    expect(removed).toBe(true)
    expect(namesIn(root, 'queues', 'db')).toHaveLength(1)
    holder!.releaseSync!()
    expect((await waiting).isHeld()).toBe(true)
  })

  test('that cannot create its ticket gets the reason, and leaves nothing', async () => {
    const root = temporaryHome()
    const holder = take(locksOn(root))
    const locks = locksOn(root, {
      createFile: (path, content) => {
        if (path.includes('queues')) throw failure('EACCES')
        nodeFileSystem.createFile(path, content)
      },
    })
    const waiting = locks.acquire(request(), { signal: AbortSignal.timeout(20_000) })
    await expect(waiting).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    holder!.releaseSync!()
    expect(namesIn(root, 'queues', 'db')).toEqual([])
  })

  test('that cannot remove its ticket has the lock all the same, and the next one passes it', async () => {
    const root = temporaryHome()
    const holder = take(locksOn(root))
    const locks = locksOn(root, {
      unlink: (path) => {
        if (path.includes('queues')) throw failure('EIO')
        return nodeFileSystem.unlink(path)
      },
    })
    const waiting = locks.acquire(request(), { signal: AbortSignal.timeout(20_000) })
    holder!.releaseSync!()
    const grant = await waiting
    expect(grant.isHeld()).toBe(true)
    const next = locksOn(root).acquire(request(), { signal: AbortSignal.timeout(20_000) })
    grant.releaseSync!()
    expect((await next).isHeld()).toBe(true)
  })
})

test('a clean-up that runs out of time leaves the rest to the next one', () => {
  const root = temporaryHome()
  const locks = locksOn(root)
  const dead = formatIdentity({ ...ownIdentity(), pid: 99_999_999, tid: 99_999_999, start: '1' })
  for (const name of ['one', 'two']) {
    mkdirSync(join(root, 'locks', `${name}.lock`), { recursive: true })
    writeFileSync(join(root, 'locks', `${name}.lock`, `held~1~dead~${dead}`), '')
  }
  expect(locks.clean({ deadline: monotonicMs() - 1 })).toEqual([])
  expect(holdersIn(root)).toHaveLength(2)
  expect(locks.clean()).toHaveLength(2)
  expect(holdersIn(root)).toEqual([])
})

test('tokens keep rising for more locks than a process remembers', () => {
  const locks = locksOn(temporaryHome())
  const takeAll = (): bigint[] =>
    Array.from({ length: 1002 }, (_, index) => {
      const grant = locks.tryAcquireSync!(request('exclusive', `db-${index}`))
      grant!.releaseSync!()
      return grant!.token
    })
  const first = takeAll()
  for (const [index, token] of takeAll().entries()) expect(token).toBe(first[index]! + 1n)
})
