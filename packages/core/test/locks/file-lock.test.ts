import { spawnSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Lock, LockManager } from '@cli-ops/shared-ipc'
import properLockfile from 'proper-lockfile'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { LockActor } from '../fixtures/start-lock-actor.js'
import { temporaryHome } from '../fixtures/temporary-home.js'

const RELEASES: readonly ((lock: Lock) => Promise<void>)[] = [
  (lock) => lock.release(),
  async (lock) => {
    lock.releaseSync()
    await Promise.resolve()
  },
]

function setUp() {
  const home = temporaryHome()
  const file = join(home, 'notes.json')
  writeFileSync(file, '{}')
  return { home, file, locks: new LockManager({ home: join(home, 'ops') }) }
}

test('other users of proper-lockfile see the lock, and it sees theirs', async () => {
  const { file, locks } = setUp()
  const lock = await locks.lockFile(file)
  expect(await properLockfile.check(file)).toBe(true)
  await expect(properLockfile.lock(file)).rejects.toMatchObject({ code: 'ELOCKED' })
  await lock.release()
  expect(existsSync(`${file}.lock`)).toBe(false)

  const unlock = await properLockfile.lock(file)
  await expect(locks.lockFile(file, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'LOCK_HELD' })
  const late = await locks.lockFile(file, { timeoutMs: 80 }).catch((error: unknown) => error)
  expect(late).toMatchObject({ code: 'LOCK_TIMEOUT' })
  expect((late as Error).message).toContain('another program')
  const owners: string[] = []
  const turn = locks.lockFile(file, { onWait: ({ owner }) => owners.push(owner.name) })
  await vi.waitFor(() => expect(owners).toEqual(['another program']), 20_000)
  await unlock()
  const next = await turn
  expect(next.token).toBeGreaterThan(lock.token)
  await next.release()
  expect(await locks.list()).toEqual([])
})

test('an onWait that rejects while another program has the file ends only that wait', async () => {
  const { file, locks } = setUp()
  const unlock = await properLockfile.lock(file)
  const failure = new Error('from onWait')
  const wait = locks.lockFile(file, { onWait: () => Promise.reject(failure) })
  await expect(wait).rejects.toBe(failure)
  await unlock()
  await (await locks.lockFile(file)).release()
})

test('users of the kit wait in order, by whatever path they name the file', async () => {
  const { home, file, locks } = setUp()
  const link = join(home, 'link.json')
  symlinkSync(file, link)
  const first = await locks.lockFile(link)
  expect(first.resource).toBe(`file:${file}`)
  const second = locks.lockFile(join(home, '.', 'notes.json'))
  await vi.waitFor(async () => {
    expect((await locks.inspect(first.resource))?.waiters).toHaveLength(1)
  }, 20_000)
  await first.release()
  await (await second).release()
})

test('a missing file can be locked, a missing directory cannot', async () => {
  const { home, locks } = setUp()
  const lock = await locks.lockFile(join(home, 'new.json'))
  expect(existsSync(join(home, 'new.json.lock'))).toBe(true)
  lock.releaseSync()
  expect(existsSync(join(home, 'new.json.lock'))).toBe(false)
  await expect(locks.lockFile(join(home, 'none', 'new.json'))).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining('ENOENT') as string,
  })
})

test('a stale lock of a dead program is taken over', async () => {
  const { file, locks } = setUp()
  mkdirSync(`${file}.lock`)
  const old = new Date(Date.now() - 60_000)
  utimesSync(`${file}.lock`, old, old)
  const lock = await locks.lockFile(file, { timeoutMs: 5000 })
  await lock.release()
})

test('an abort ends the wait for another program and leaves the named lock free', async () => {
  const { file, locks } = setUp()
  const unlock = await properLockfile.lock(file)
  const abort = new AbortController()
  const waiting = locks.lockFile(file, { signal: abort.signal, onWait: () => abort.abort() })
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  expect(await locks.list()).toEqual([])
  await unlock()
})

test('shared mode is refused', async () => {
  const { file, locks } = setUp()
  await expect(locks.lockFile(file, { mode: 'shared' })).rejects.toThrow(TypeError)
})

test('a process that ends without releasing leaves neither lock', async () => {
  const { home, file, locks } = setUp()
  const actor = await LockActor.start(join(home, 'ops'))
  await actor.call('lockFile', { path: file, as: 'file' })
  expect(existsSync(`${file}.lock`)).toBe(true)
  await actor.call('exit', { code: 0 }).catch(() => undefined)
  expect(existsSync(`${file}.lock`)).toBe(false)
  expect(await locks.list()).toEqual([])
})

test('another program is named once, however long it stays', async () => {
  const { file, locks } = setUp()
  const unlock = await properLockfile.lock(file)
  const owners: string[] = []
  const waiting = locks.lockFile(file, {
    timeoutMs: 300,
    onWait: ({ owner }) => owners.push(owner.name),
  })
  await expect(waiting).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' })
  expect(owners).toEqual(['another program'])
  await unlock()
})

test('a file whose path cannot be a name is locked under its digest', async () => {
  const { home, locks } = setUp()
  const file = join(home, 'line\nbreak.json')
  const lock = await locks.lockFile(file)
  expect(lock.resource).toMatch(/^file:[\da-f]{64}$/u)
  expect(await locks.isLocked(lock.resource)).toBe(true)
  await lock.release()
  expect(await locks.list()).toEqual([])
})

test('a name that leaves no room for the lock’s is refused with the reason', async () => {
  const { home, locks } = setUp()
  await expect(locks.lockFile(join(home, 'f'.repeat(253)))).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { errno: 'ENAMETOOLONG' },
  })
  expect(await locks.list()).toEqual([])
})

test('a lock that proper-lockfile has already removed is released all the same', async () => {
  const { file, locks } = setUp()
  for (const release of RELEASES) {
    const lock = await locks.lockFile(file)
    await properLockfile.unlock(file, { realpath: false })
    await release(lock)
    expect(await locks.list()).toEqual([])
  }
})

test('names foreign files in a file’s lock that prevent its removal', async () => {
  const { file, locks } = setUp()
  await locks.lockFile(file)
  writeFileSync(join(`${file}.lock`, 'junk'), '')
  await expect(locks.close()).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining(`${file}.lock`) as string,
    details: { path: `${file}.lock`, errno: 'ENOTEMPTY' },
  })
})

test('a file whose lock cannot be removed stays locked until another release removes it', async () => {
  const { file, locks } = setUp()
  for (const release of RELEASES) {
    const lock = await locks.lockFile(file)
    const junk = join(`${file}.lock`, 'junk')
    writeFileSync(junk, '')
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(release(lock)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      expect(existsSync(`${file}.lock`)).toBe(true)
      expect(await locks.isLocked(lock.resource)).toBe(true)
      // Nothing renews what is left, so it protects nothing.
      expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }))
    }
    rmSync(junk)
    await release(lock)
    expect(existsSync(`${file}.lock`)).toBe(false)
    expect(await locks.list()).toEqual([])
  }
})

test('what another program has put in place of an irremovable lock stays when that is released again', async () => {
  const { file, locks } = setUp()
  for (const release of RELEASES) {
    const lock = await locks.lockFile(file)
    writeFileSync(join(`${file}.lock`, 'junk'), '')
    await expect(release(lock)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    rmSync(`${file}.lock`, { recursive: true })
    const unlock = await properLockfile.lock(file)
    await release(lock)
    expect(existsSync(`${file}.lock`)).toBe(true)
    expect(await locks.list()).toEqual([])
    await unlock()
  }
})

test('a file lock that was taken over is lost, and stays with its new owner', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { file, locks } = setUp()
  for (const release of RELEASES) {
    const lock = await locks.lockFile(file)
    // As a program does that considers the lock stale.
    rmSync(`${file}.lock`, { recursive: true })
    mkdirSync(`${file}.lock`)
    utimesSync(`${file}.lock`, 5, 5)
    await vi.advanceTimersByTimeAsync(6_000)
    await vi.waitFor(() => expect(lock.signal.aborted).toBe(true), 20_000)
    await release(lock)
    expect(existsSync(`${file}.lock`)).toBe(true)
    rmSync(`${file}.lock`, { recursive: true })
  }
  expect(await locks.list()).toEqual([])
})

describe('a file with several names', () => {
  /** Locks it by one path, does something under the lock, and tries the other path. */
  async function isOneLock(
    locks: LockManager,
    [first, second]: readonly [string, string],
    meanwhile: () => void = () => undefined,
  ): Promise<void> {
    const lock = await locks.lockFile(first)
    meanwhile()
    await expect(locks.lockFile(second, { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'LOCK_HELD',
    })
    await expect(locks.lockFile(second, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'LOCK_TIMEOUT',
      message: expect.stringContaining('file:') as string,
    })
    lock.assertHeld()
    expect(await locks.list()).toHaveLength(1)
    await lock.release()
    await (await locks.lockFile(second)).release()
    expect(await locks.list()).toEqual([])
  }

  test('is one lock through a link to a file that does not exist yet', async () => {
    const { home, locks } = setUp()
    const [link, target] = [join(home, 'config.json'), join(home, 'dotfiles.json')]
    symlinkSync('dotfiles.json', link)
    await isOneLock(locks, [link, link], () => writeFileSync(target, '{}'))
    rmSync(target)
    await isOneLock(locks, [link, target])
  })

  test('is one lock through a link that changes meanwhile', async () => {
    const { home, file, locks } = setUp()
    const link = join(home, 'current.json')
    writeFileSync(join(home, 'next.json'), '{}')
    symlinkSync(file, link)
    await isOneLock(locks, [link, link], () => {
      symlinkSync('next.json', `${link}.new`)
      renameSync(`${link}.new`, link)
    })
  })

  test('is one lock through a link to its folder that changes meanwhile', async () => {
    const { home, locks } = setUp()
    mkdirSync(join(home, 'one'))
    mkdirSync(join(home, 'two'))
    const link = join(home, 'current')
    symlinkSync('one', link)
    const path = join(link, 'state.json')
    await isOneLock(locks, [path, path], () => {
      symlinkSync('two', `${link}.new`)
      renameSync(`${link}.new`, link)
    })
  })

  test('is one lock through two hard links', async () => {
    const { home, file, locks } = setUp()
    linkSync(file, join(home, 'same.json'))
    await isOneLock(locks, [file, join(home, 'same.json')])
  })

  test('is one lock when it is replaced meanwhile, as editors do', async () => {
    const { file, locks } = setUp()
    await isOneLock(locks, [file, file], () => {
      writeFileSync(`${file}.new`, '{}')
      renameSync(`${file}.new`, file)
    })
  })

  test('is one lock by names that differ in case if the file system folds it', async (context) => {
    const { home, locks } = setUp()
    const folder = join(home, 'folder')
    mkdirSync(folder)
    context.skip(!foldsCase(folder), 'no file system that folds case can be had here')
    await isOneLock(locks, [join(folder, 'Config.json'), join(folder, 'config.json')])
  })

  test('two files whose names differ only in case are two locks if they are two files', async (context) => {
    const { home, locks } = setUp()
    writeFileSync(join(home, 'Makefile'), '')
    writeFileSync(join(home, 'makefile'), '')
    context.skip(readdirSync(home).length < 3, 'this file system folds case')
    const one = await locks.lockFile(join(home, 'Makefile'))
    await (await locks.lockFile(join(home, 'makefile'), { timeoutMs: 0 })).release()
    await one.release()
  })

  test('a file that is relinked while its lock is waited for is found again', async () => {
    const { home, file, locks } = setUp()
    const link = join(home, 'current.json')
    const next = join(home, 'next.json')
    writeFileSync(next, '{}')
    symlinkSync(file, link)
    const held = await locks.lockFile(file)
    const waiting = locks.lockFile(link)
    await vi.waitFor(async () => {
      expect((await locks.inspect(held.resource))?.waiters).toHaveLength(1)
    }, 20_000)
    symlinkSync('next.json', `${link}.new`)
    renameSync(`${link}.new`, link)
    await held.release()
    const lock = await waiting
    expect(lock.resource).toBe(`file:${next}`)
    expect(await properLockfile.check(next)).toBe(true)
    await lock.release()
  })
})

/** Mounts a file system that folds case at a folder, if possible. */
function foldsCase(folder: string): boolean {
  writeFileSync(join(folder, 'a'), '')
  if (existsSync(join(folder, 'A'))) return true
  rmSync(join(folder, 'a'))
  const image = `${folder}.img`
  const script = `truncate -s 8M ${image} && { mkfs.vfat ${image} || mkfs.ext4 -q -O casefold -E encoding=utf8 ${image}; } &&
    mount -o loop ${image} ${folder} && { chattr +F ${folder} || true; }`
  const mounted = spawnSync('sh', ['-c', script], { stdio: 'ignore' }).status === 0
  if (!mounted) return false
  onTestFinished(() => void spawnSync('umount', ['-l', folder]))
  writeFileSync(join(folder, 'a'), '')
  const folds = existsSync(join(folder, 'A'))
  rmSync(join(folder, 'a'))
  return folds
}
