import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { LockDriver, LockGrant } from '../../../../src/locks/contract/lock-driver.js'
import { type FileSystem, nodeFileSystem } from '../../../../src/drivers/local/home/file-system.js'
import { Home } from '../../../../src/drivers/local/home/home.js'
import { createLocalLocks } from '../../../../src/drivers/local/locks/local-locks.js'
import type { LockMode } from '../../../../src/locks/contract/lock-types.js'
import { ownIdentity, formatIdentity } from '../../../../src/base/process/process-identity.js'
import { surroundingsAt } from '../../../fixtures/lock-surroundings.js'
import { holdersIn, namesIn, temporaryHome } from '../../../fixtures/temporary-home.js'

/** Runs a callback before one file operation, counted from 0. */
function interrupted(
  at: number,
  interrupt: () => void,
): { fileSystem: FileSystem; count: () => number } {
  let count = 0
  let inside = false
  const wrap = <Arguments extends unknown[], Result>(
    operation: (...args: Arguments) => Result,
  ): ((...args: Arguments) => Result) => {
    return (...args) => {
      if (!inside && count++ === at) {
        inside = true
        interrupt()
        inside = false
      }
      return operation(...args)
    }
  }
  const { makeDirectory, removeDirectory, list, createFile, readFile, rename } = nodeFileSystem
  const { listIfThere, unlink, status, overwrite } = nodeFileSystem
  const fileSystem: FileSystem = {
    ...nodeFileSystem,
    makeDirectory: wrap(makeDirectory),
    removeDirectory: wrap(removeDirectory),
    list: wrap(list),
    listIfThere: wrap(listIfThere),
    createFile: wrap(createFile),
    readFile: wrap(readFile),
    rename: wrap(rename),
    unlink: wrap(unlink),
    status: wrap(status),
    overwrite: wrap(overwrite),
  }
  return { fileSystem, count: () => count }
}

// Thousands of directories are created and removed.
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

let ids = 0
function tryAcquire(driver: LockDriver, mode: LockMode): LockGrant | null {
  ids += 1
  return driver.tryAcquireSync!({ resource: 'db', mode, id: `id-${ids}`, held: [] })
}

/** Far above any pid that Linux assigns. */
const DEAD = formatIdentity({ ...ownIdentity(), pid: 99_999_999, tid: 99_999_999, start: '1' })

type Intruder = (driver: LockDriver, mode: LockMode, root: string) => (LockGrant | null)[]

const INTRUDERS: Record<string, Intruder> = {
  'takes it': (driver, mode) => [tryAcquire(driver, mode)],
  'takes it and gives it back': (driver, mode) => {
    tryAcquire(driver, mode)?.releaseSync?.()
    return []
  },
  'takes it, gives it back and takes it again': (driver, mode) => {
    const first = tryAcquire(driver, mode)
    first?.releaseSync?.()
    return [first, tryAcquire(driver, mode)]
  },
  'cleans up two hours later': (_driver, _mode, root) => {
    cleanLater(root)
    return []
  },
  'takes it, gives it back, cleans up two hours later and takes it': (driver, mode, root) => {
    const first = tryAcquire(driver, mode)
    first?.releaseSync?.()
    cleanLater(root)
    return [first, tryAcquire(driver, mode)]
  },
  'takes it and releases by force whoever holds it then': (driver, mode) => {
    const grant = tryAcquire(driver, mode)
    for (const name of [driver.inspect('db')].flatMap(
      (info) => (info as { id?: string })?.id ?? [],
    ))
      void driver.forceRelease('db', name)
    return [grant, tryAcquire(driver, mode)]
  },
}

function cleanLater(root: string): void {
  const home = new Home(root, '', nodeFileSystem)
  void createLocalLocks(home, surroundingsAt(7_200_000)).clean()
}

/** A token from before the clock was set back. */
const AHEAD = BigInt(Date.now() + 86_400_000) * 1000n

const STAGES: Record<string, (home: string, driver: LockDriver) => LockGrant | undefined> = {
  'a free lock': () => undefined,
  'a free lock whose tokens are ahead of the clock': (home) => {
    mkdirSync(join(home, 'locks', 'db.lock'), { recursive: true })
    writeFileSync(join(home, 'locks', 'db.lock', `free~${AHEAD}`), '')
    return undefined
  },
  'an empty directory': (home) => {
    mkdirSync(join(home, 'locks', 'db.lock'), { recursive: true })
    return undefined
  },
  'a dead holder': (home) => {
    mkdirSync(join(home, 'locks', 'db.lock'), { recursive: true })
    writeFileSync(join(home, 'locks', 'db.lock', `held~1~dead~${DEAD}`), '')
    return undefined
  },
  'a sharer about to leave': (_home, driver) => tryAcquire(driver, 'shared')!,
}

const MODES: [LockMode, LockMode][] = [
  ['exclusive', 'exclusive'],
  ['shared', 'exclusive'],
  ['exclusive', 'shared'],
  ['shared', 'shared'],
]

describe.each(Object.entries(STAGES))('%s', (stage, setUp) => {
  test.each(
    Object.keys(INTRUDERS).flatMap((what) => MODES.map((modes) => [what, ...modes] as const)),
  )(
    'another process %s before any step of an acquisition: %s against %s',
    (what, mode, intruderMode) => {
      for (let at = 0; ; at += 1) {
        const root = temporaryHome(MEMORY)
        const other = createLocalLocks(new Home(root, '', nodeFileSystem))
        const sharer = setUp(root, other)
        const others: (LockGrant | null)[] = []
        const { fileSystem, count } = interrupted(at, () => {
          sharer?.releaseSync?.()
          others.push(...INTRUDERS[what]!(other, intruderMode, root))
        })
        const driver = createLocalLocks(new Home(root, '', fileSystem))
        const own = tryAcquire(driver, mode)
        if (count() <= at) break

        const grants = [own, ...others].filter((grant) => grant !== null)
        const held = grants.filter((grant) => grant.isHeld())
        const isExclusive = (grant: LockGrant): boolean =>
          (grant === own ? mode : intruderMode) === 'exclusive'
        if (held.some(isExclusive)) expect(held, `before step ${at}`).toHaveLength(1)
        // Without force no owner loses its lock, and an owner that lost it has a lower token than the current one.
        if (!what.includes('by force') && !what.endsWith('back'))
          expect(others.at(-1)?.isHeld() ?? true, `before step ${at}`).toBe(true)
        const lost = grants.filter((grant) => !grant.isHeld())
        for (const { token } of held.filter(isExclusive))
          expect(
            lost.every((grant) => grant.token < token),
            `before step ${at}`,
          ).toBe(true)
        if (stage.endsWith('ahead of the clock'))
          expect(
            grants.every((grant) => grant.token > AHEAD),
            `before step ${at}`,
          ).toBe(true)
        expect(new Set(grants.map(({ token }) => token)).size).toBe(grants.length)
        for (const grant of held) grant.releaseSync!()
        // Nothing is left that would block others.
        const next = tryAcquire(other, 'exclusive')
        expect(next, `after step ${at}`).not.toBeNull()
        next!.releaseSync!()
        expect(namesIn(root, 'claims')).toEqual([])
        expect(holdersIn(root)).toEqual([])
        expect(namesIn(root, 'locks', 'db.lock')).toHaveLength(1)
      }
    },
  )
})
