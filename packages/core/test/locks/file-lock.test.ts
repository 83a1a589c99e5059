import { existsSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lock, LockManager } from '@cli-ops/shared-ipc'
import properLockfile from 'proper-lockfile'
import { expect, onTestFinished, test, vi } from 'vitest'
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

test('a stale lock of a program that died is taken over', async () => {
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

test('a name that leaves no room for that of the lock is refused with the reason', async () => {
  const { home, locks } = setUp()
  await expect(locks.lockFile(join(home, 'f'.repeat(253)))).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    details: { errno: 'ENAMETOOLONG' },
  })
  expect(await locks.list()).toEqual([])
})

test('a lock that proper-lockfile has removed already is released all the same', async () => {
  const { file, locks } = setUp()
  for (const release of RELEASES) {
    const lock = await locks.lockFile(file)
    await properLockfile.unlock(file, { realpath: false })
    await release(lock)
    expect(await locks.list()).toEqual([])
  }
})

test('what somebody put into the lock of a file is told when it cannot be removed', async () => {
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
      // Nobody renews what is left, so nobody may count on it.
      expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }))
    }
    rmSync(junk)
    await release(lock)
    expect(existsSync(`${file}.lock`)).toBe(false)
    expect(await locks.list()).toEqual([])
  }
})

test('what another program has put in the place of an irremovable lock stays when that is released again', async () => {
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

test('a lock of a file that was taken over is lost, and stays with whoever has it now', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { file, locks } = setUp()
  for (const release of RELEASES) {
    const lock = await locks.lockFile(file)
    // As one does that takes the lock for stale.
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
